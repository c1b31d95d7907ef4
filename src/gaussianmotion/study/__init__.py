"""The user study (Table 2): pairs of clips, a page that asks people, their votes, the table."""
