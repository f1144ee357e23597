"""The stable addresses of a frame's pictures: paths of the page's API, never signed links that die."""

from uuid import UUID


def frame_url(public_url: str, line: str, uid: UUID) -> str:
    """Where the frame's own bytes are fetched."""
    return f"{public_url.rstrip('/')}/v1/frames/{line}/{uid}"


def heatmap_url(public_url: str, line: str, uid: UUID, version: str) -> str:
    """Where the heatmap is fetched that one version of the bank drew of the frame."""
    return f"{frame_url(public_url, line, uid)}/heatmaps/{version}.png"


def canary_picture_url(public_url: str, line: str, uid: UUID) -> str:
    """Where a canary's kept picture is fetched."""
    return f"{public_url.rstrip('/')}/v1/lines/{line}/canaries/{uid}/picture"
