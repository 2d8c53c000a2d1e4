"""Answers in GitHub's shapes: pull requests and what hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from tests.twins.github.accounts import Account
from tests.twins.github.contract import Json
from tests.twins.github.objects import EMPTY_TREE
from tests.twins.github.repository import FileChange
from tests.twins.github.shapes_git import GitShapes, lines_of_base64, time
from tests.twins.github.world import Comment, Label, Milestone, Pull, Status

__all__ = ["Shapes", "lines_of_base64", "time"]


class Shapes(GitShapes):
    """The shapes of everything."""

    def label(self, label: Label) -> Json:
        """A label."""
        return {
            "id": label.id,
            "node_id": f"LA_{label.id}",
            "url": f"{self.api}/labels/{quote(label.name)}",
            "name": label.name,
            "description": label.description,
            "color": label.color,
            "default": False,
        }

    def milestone(self, milestone: Milestone) -> Json:
        """A milestone."""
        address = f"{self.api}/milestones/{milestone.number}"
        return self._complete(
            "milestone",
            {
                "id": milestone.id,
                "node_id": f"MI_{milestone.id}",
                "number": milestone.number,
                "title": milestone.title,
                "state": milestone.state,
                "url": address,
                "labels_url": f"{address}/labels",
                "html_url": f"{self.web}/milestone/{milestone.number}",
                "created_at": time(milestone.created),
                "updated_at": time(milestone.created),
            },
        )

    def comment(self, comment: Comment) -> Json:
        """A comment."""
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "url": f"{self.api}/issues/comments/{comment.id}",
            "html_url": f"{self.web}/pull/{comment.pull}#issuecomment-{comment.id}",
            "issue_url": f"{self.api}/issues/{comment.pull}",
            "body": comment.body,
            "user": self.user(comment.user),
            "author_association": self._association(comment.user),
            "created_at": time(comment.created),
            "updated_at": time(comment.updated),
        }

    def status(self, status: Status) -> Json:
        """A commit status."""
        return {
            "url": f"{self.api}/statuses/{status.sha}",
            "avatar_url": None,
            "id": status.id,
            "node_id": f"SC_{status.id}",
            "state": status.state,
            "description": status.description,
            "target_url": status.target_url,
            "context": status.context,
            "created_at": time(status.created),
            "updated_at": time(status.created),
            "creator": self.user(status.creator),
        }

    def _association(self, account: Account) -> str:
        return "MEMBER" if account.login in self._world.collaborators else "CONTRIBUTOR"

    def _common(self, pull: Pull) -> Json:
        """What a pull request has in common with itself as an issue."""
        assignees = [self.user(account) for account in pull.assignees]
        return {
            "id": pull.id,
            "number": pull.number,
            "state": pull.state,
            "title": pull.title,
            "body": pull.body,
            "user": self.user(pull.user),
            "draft": pull.draft,
            "locked": False,
            "labels": [self.label(label) for label in pull.labels],
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "milestone": self.milestone(pull.milestone) if pull.milestone else None,
            "created_at": time(pull.created),
            "updated_at": time(pull.updated),
            "closed_at": time(pull.closed_at) if pull.closed_at else None,
            "author_association": self._association(pull.user),
            "comments_url": f"{self.api}/issues/{pull.number}/comments",
            "html_url": f"{self.web}/pull/{pull.number}",
        }

    def issue(self, pull: Pull) -> Json:
        """A pull request as an issue."""
        address = f"{self.api}/issues/{pull.number}"
        comments = sum(comment.pull == pull.number for comment in self._world.comments.values())
        return {
            **self._common(pull),
            "node_id": pull.node_id,
            "url": address,
            "repository_url": self.api,
            "labels_url": f"{address}/labels{{/name}}",
            "events_url": f"{address}/events",
            "comments": comments,
            "pull_request": {
                "url": f"{self.api}/pulls/{pull.number}",
                "html_url": f"{self.web}/pull/{pull.number}",
                "diff_url": f"{self.web}/pull/{pull.number}.diff",
                "patch_url": f"{self.web}/pull/{pull.number}.patch",
                "merged_at": time(pull.merged_at) if pull.merged_at else None,
            },
        }

    def simple_pull(self, pull: Pull) -> Json:
        """A pull request as lists have it."""
        address, page = f"{self.api}/pulls/{pull.number}", f"{self.web}/pull/{pull.number}"
        links = {
            "self": address,
            "html": page,
            "issue": f"{self.api}/issues/{pull.number}",
            "comments": f"{self.api}/issues/{pull.number}/comments",
            "review_comments": f"{address}/comments",
            "review_comment": f"{self.api}/pulls/comments{{/number}}",
            "commits": f"{address}/commits",
            "statuses": f"{self.api}/statuses/{pull.head_sha}",
        }
        return {
            **self._common(pull),
            "node_id": pull.node_id,
            "url": address,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            **{f"{name}_url": link for name, link in links.items() if name not in {"self", "html"}},
            "merged_at": time(pull.merged_at) if pull.merged_at else None,
            "merge_commit_sha": pull.merge_commit,
            "requested_reviewers": [self.user(account) for account in pull.reviewers],
            "requested_teams": [self.team(slug) for slug in pull.teams],
            "head": self._end(pull.head, pull.head_sha, pull.fork),
            "base": self._end(pull.base, pull.base_sha),
            "_links": {name: {"href": link} for name, link in links.items()},
            "auto_merge": self._auto_merge(pull),
        }

    def pull(self, pull: Pull) -> Json:
        """A pull request by itself."""
        repository = self._world.repository
        changes = self.changes_of_pull(pull)
        open_ = pull.state == "open"
        return {
            **self.simple_pull(pull),
            "requested_teams": [self.team(slug, "team-simple") for slug in pull.teams],
            "merged": pull.merged,
            "mergeable": self._world.mergeable(pull) if open_ else None,
            "mergeable_state": self._world.mergeable_state(pull) if open_ else "unknown",
            "merged_by": self.user(pull.merged_by) if pull.merged_by else None,
            "comments": sum(comment.pull == pull.number for comment in self._world.comments.values()),
            "review_comments": 0,
            "maintainer_can_modify": pull.maintainer_can_modify,
            "commits": len(repository.between(self._fork(pull), pull.head_sha)),
            "additions": sum(change.additions for change in changes),
            "deletions": sum(change.deletions for change in changes),
            "changed_files": len(changes),
        }

    def _fork(self, pull: Pull) -> str:
        return self._world.repository.merge_base(pull.base_sha, pull.head_sha) or EMPTY_TREE

    def changes_of_pull(self, pull: Pull) -> Sequence[FileChange]:
        """What a pull request changes since it left its base."""
        return self._world.repository.changes(self._fork(pull), pull.head_sha)

    def team(self, slug: str, schema: str = "team") -> Json:
        """A team."""
        return self._complete(schema, {"slug": slug, "name": slug, "node_id": f"T_{slug}", "privacy": "closed"})

    def _end(self, branch: str, sha: str, fork: Account | None = None) -> Json:
        owner = fork or self._world.owner
        return {
            "label": f"{owner.login}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": self.user(owner),
            "repo": self._any_repository("repository", fork),
        }

    def _auto_merge(self, pull: Pull) -> Json:
        wish = pull.auto_merge
        if wish is None:
            return None
        return {
            "enabled_by": self.user(wish.by),
            "merge_method": wish.method,
            "commit_title": wish.title,
            "commit_message": wish.message,
        }
