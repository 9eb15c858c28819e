"""A small social network with known causes: posts, pictures, comments, votes, and labels of CAST's four tasks.

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

`simulate` writes, all in published raw layouts::

    media/<id>.jpg             64 x 64
    <task>/posts.jsonl         sarcasm, relation, hate, sentiment: labelled posts without comments, three parts
    <task>/dataset.json        name, licence, media_root, tasks
    corpus/posts.jsonl         posts with comments, no labels, no parts; dataset.json beside it
    mvsa_official/             60 sentiment posts: data/<id>.jpg, data/<id>.txt, labelResultAll.txt
    mvsa_json/                 those whose labels don't contradict: data/<id>.jpg, train.json, dev.json, test.json
    truth.parquet              scene, tone and every other cause and label of every post: for tests and claims only
"""

from datamodules.simulated.labels import CLASSES
from datamodules.simulated.simulate import simulate

__all__ = ["CLASSES", "simulate"]
