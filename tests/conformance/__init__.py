"""One suite of the contract in `chat.ichat.IStore`, for every store.

`stores.CASES` lists them: to add a database, add an entry there. A test takes `opened`, a store with a small world, and
uses the interface alone; what that cannot tell, such as the audit rows, and what breaks a database, is asked of
`opened.case`. What is particular to one store is tested in `tests/storage`.
"""
