"""English words without content, as the corpus spells them."""

# Of "don't" cleaning leaves "dont". Contractions that are words without their apostrophe stay out: well, were, wed, id,
# ill, hell, shell, shed and the like.
_CONTRACTIONS = """
aint arent cant couldnt didnt doesnt dont hadnt hasnt havent isnt mightnt mustnt neednt shant shouldnt wasnt werent wont
wouldnt couldve mightve mustve shouldve wouldve im ive youd youll youre youve hes shes its itd itll weve theyd theyll
theyre theyve thats thatll theres heres hows lets whats whens wheres whos wholl whys
"""


def stop_words() -> frozenset[str]:
    """Return scikit-learn's English stop words and contractions without their apostrophe, such as "dont"."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # takes a second, which few users need

    return ENGLISH_STOP_WORDS | frozenset(_CONTRACTIONS.split())
