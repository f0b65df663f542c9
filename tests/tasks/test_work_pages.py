"""The pages of the work: from the board to the pay."""

from tests.tasks.conftest import *


def test_walk(job, amina, luis, priya, newcomer, signed_in, client, new_job):
    def get(b, url, code=200):
        r = b.get(url)
        assert r.status_code == code, (url, r.status_code, r.content[:800])
        return r

    for b in (client, signed_in(amina), signed_in(newcomer)):
        for url in ("/jobs/", f"/jobs/{job.pk}/", f"/jobs/{job.pk}/guide/"):
            get(b, url)
    import re

    b = signed_in(amina)
    page = get(b, f"/jobs/{job.pk}/").content.decode()
    digest = re.search(r'name="card" value="(\w+)"', page)[1]
    r = b.post(f"/jobs/{job.pk}/claim/", {"card": digest})
    assert r.status_code == 302, r.content[:500]
    t = r["Location"]
    page = get(b, t).content.decode()
    print(page[page.index("<main") : page.index("</main")])
    key = re.search(r'name="key" value="([\w-]+)"', page)[1]
    r = b.post(t, {"key": key})
    assert r.status_code == 422
    r = b.post(t + "draft/", {"key": key, "label": "Same"})
    assert r.status_code == 204
    r = b.post(t, {"key": key, "label": "Same"})
    assert r.status_code == 200, r.content[:500]
    assert b"being checked" in r.content
    r2 = b.post(t, {"key": key, "label": "Same"})
    assert r2.status_code == 200
    get(b, t)
    for u in ("/work/", "/review/", "/start/"):
        get(b, u)
    b = signed_in(newcomer)
    page = get(b, "/start/").content.decode()
    r = b.post("/jobs/1/claim/", {"card": re.search(r'name="card" value="(\w+)"', page)[1]})
    url = r["Location"]
    page = get(b, url).content.decode()
    for i in range(5):
        url = re.search(r'action="(/work/\d+/)"', page)[1]
        r = b.post(url, {"key": re.search(r'name="key" value="([\w-]+)"', page)[1], "label": "Yes" if i else "No"})
        assert r.status_code == (200 if i < 4 else 302), r.content[:1000]
        page = r.content.decode()
    page = get(b, "/start/").content.decode()
    print(page[page.index("<main") : page.index("</main")])
    get(b, "/jobs/")
    j2 = new_job(review_rule="peer", overlap=1)
    a = work(j2, amina, SAME)
    b = signed_in(luis)
    page = get(b, "/review/").content.decode()
    print(page[page.index("<main") : page.index("</main")])
    r = b.post(f"/review/{a.pk}/back/", {"place": "labels", "reason": "x"})
    assert r.status_code == 422
    r = b.post(f"/review/{a.pk}/back/", {"place": "labels", "reason": "The sizes differ, look again"})
    assert r.status_code == 302
    b = signed_in(amina)
    get(b, f"/work/{a.pk}/", 302)
    get(b, f"/work/{a.pk}/back/")
    page = get(b, f"/work/{a.pk}/?redo").content.decode()
    get(b, "/work/")
    r = b.post(f"/work/{a.pk}/", {"key": re.search(r'name="key" value="([\w-]+)"', page)[1], "label": "Different"})
    assert r.status_code == 200, r.status_code
    r = signed_in(priya).post(f"/review/{a.pk}/accept/")
    assert r.status_code == 302, r.content
    assert payable(amina)
