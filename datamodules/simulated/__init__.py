"""A small social network with known causes: posts, pictures, comments, votes; labels of CAST's tasks; emotions.

What causes what::

    user -> topic -> event -> scene -> weather
                       |        |-----> picture (object, colours, place, size; distractor, noise) <- weather
                       |        |-----> comments (name the scene; some the sky; some fit any post; some are about else)
                       v        |-----> mood, striking, gathering -----> label <----- tone, form, stance
                      text <------------------------------------------------------------'
    user, mood, striking -> views, ups, downs;  topic -> tag;  year -> length of the text

- **A label needs text and picture.** Sarcasm: cheerful words under an unpleasant picture. Relation: words that point,
  a picture that shows something striking. Hate: an invented slur among strangers or at a gathering of the group.
  Sentiment: mood of the words plus mood of the picture.
- **Neither is easily read.** Two scenes of contrary properties share their colours. A text names its event, and an
  event is known for a scene, but its words come back in other events: a few hundred labelled posts can't teach that.
- **Comments name the scene in words** (three names a scene), noisily, and never a label; only the corpus has comments.
  Posts that look alike and tell of the same event show the same scene more often than not, so that comments of
  retrieved posts tell what a post's own picture tells only in part.
- **The corpus is unlabelled**, larger, and from the same grammar and the same readers as all four tasks together.

Emotions are felt in posts of their own, in two sets; their texts have the network's words, not its events::

    emotion -> scene (typical, or any) -> weather, picture; text names the scene, or not
       |-----> words of the emotion; or of none; or of another, as in sarcasm -----> text
       '-----> Flickr: the files that list a photo.  Nothing -> up-votes, workers who agree

- **A picture tells the emotion by its scene alone.** Reddit: no scene is typical of two of the four emotions. Flickr:
  neighbours among the eight share scenes (garden: awe, contentment), so that the best picture classifier is weak.
- **A text tells it by words and by the scene that it names**, in half of the texts. Neighbours share some words.
- **Picture and text are drawn independently of each other** given emotion and scene, votes of all else.
- **Chosen for accuracies of one modality near those of Table 4** (Reddit 77 and 78 %, Flickr 57 and 88 %, picture and
  text), without a look at any fusion: `picture_tells` 0.86 and 0.96, `text_tells` 0.72 and 0.92. Of 2,400 posts, five
  seeds, logistic regression reaches 77 and 78 %, 55 and 88 %, on words and on features learned without labels.

`simulate` writes, all in published raw layouts::

    media/<id>.jpg             64 x 64
    <task>/posts.jsonl         sarcasm, relation, hate, sentiment: labelled posts without comments, three parts
    <task>/dataset.json        name, licence, media_root, tasks
    corpus/posts.jsonl         posts with comments, no labels, no parts; dataset.json beside it
    mvsa_official/             60 sentiment posts: data/<id>.jpg, data/<id>.txt, labelResultAll.txt
    mvsa_json/                 those whose labels don't contradict: data/<id>.jpg, train.json, dev.json, test.json
    reddit_emotion/            with emotions: happy.csv, creepy.csv, rage.csv, gore.csv, images/<id>.jpg, albums
                               images/<id>/1.jpg and on (one post in ten)
    flickr_emotion/            with emotions: agg/<emotion>_agg.csv (verdicts of at least 5 workers; a few photos
                               without a majority, or with two emotions alike), texts.csv, images/<photo>.jpg
    truth.parquet              scene, tone and every other cause and label of every post: for tests and claims only
"""

from datamodules.simulated.labels import CLASSES
from datamodules.simulated.simulate import simulate

__all__ = ["CLASSES", "simulate"]
