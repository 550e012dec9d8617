"""A small model of rooms, occupancy, visibility and lives, and random histories in which the server has to agree."""
