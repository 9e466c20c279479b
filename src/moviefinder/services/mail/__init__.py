"""Mails: written to the database with the change that calls for them, and handed in afterwards by a job.

`posting` asks for one, `letters` words it, `handing_in` gives it to a server, `folder` keeps it where there is none.
The job itself stands in `services.accounts.mailing`, which knows the links that some mails carry.
"""

from moviefinder.services.mail.posting import POSTS, Post, forget_old, post

__all__ = ["POSTS", "Post", "forget_old", "post"]
