SELECT position FROM checkpoint WHERE group_name = 'core'
