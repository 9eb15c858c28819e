"""Names of retrieval tasks, and the depths that recall is counted at. Imports no torch."""

TASKS = ("text_user", "image_text", "image_user")  # queries and gallery (DU2MCE, Section 4.2)
DEPTHS = (1, 5, 10)  # of recall
