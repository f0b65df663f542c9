"""Count a closed vote again: `python recount.py` beside its rule.json, roll.csv, ballots.csv and receipts.csv."""
import collections, csv, datetime, hashlib, json, pathlib, sys
HERE, DAY, at = pathlib.Path(__file__).resolve().parent, datetime.timedelta(1), datetime.datetime.fromisoformat
VOTE, WRONG = json.loads((HERE / "rule.json").read_text("utf-8")), []
RULE, TEXT, TOLD, OWN = VOTE["rule"], json.loads(VOTE["canonical"]), VOTE["counts"], VOTE["place"]
OPTIONS = {str(o["position"]): o["person"] for o in TEXT["options"] or []} or dict.fromkeys(VOTE["places"])
def check(holds, otherwise): WRONG.extend([] if holds else [otherwise])
def sha(data): return hashlib.sha256(data).hexdigest()
def read(name):
    check(sha(data := (HERE / name).read_bytes()) == VOTE["files"][name], f"{name} is not the one that is on record.")
    return list(csv.DictReader(data.decode().splitlines()))
def inside(lines, group): return [line for line in lines if all(line.get(n, "1") == "1" for n in group.split("_"))]
def meets(group, yes, no, cast, roll):  # shares are in parts of 30,000, so that thirds are exact
    base, _, senior = group.partition("_")
    least, turnout = max(RULE[f"{base}_yes"] * (yes + no), RULE[f"{base}_floor"] * roll), RULE["turnout_floor"] * roll
    return bool((senior and not roll) or (yes > no and yes * 30_000 >= least and (senior or cast * 30_000 >= turnout)))
def ends(begins, planned): return planned + min(sum((at(b) - max(at(a), begins) for a, b in VOTE["stood_still"]
    if at(a) < planned and at(b) > begins), 0 * DAY), 7 * DAY)  # time lost to a standstill comes back, a week at most
def yes_no(group, lines, roll):
    n = {say: sum(line["says"] == say for line in lines) for say in ("yes", "no", "abstain")}
    return n | {"met": meets(group, n["yes"], n["no"], len(lines), roll)}
def approval(group, lines, roll):  # a ballot is a line for each option; the winner's tells who would also leave it be
    n, names = collections.Counter((line["option"], line["says"]) for line in lines), ["0", *OPTIONS]
    most = collections.Counter(line["option"] for line in BALLOTS if line["says"] in {"yes", "both"})
    won, cast = OWN or max(OPTIONS, key=lambda name: (most[name], -int(name))), len(lines) // len(names)
    yes, against = {name: n[name, "yes"] + n[name, "both"] for name in names}, n[won, "no"] + n[won, "both"]
    return {"ballots": cast, "abstain": n[won, "abstain"], "approvals": yes, "against": against,
            "option" if OWN else "winner": int(won), "met": meets(group, yes[won], against, cast, roll)}
def ranked(group, lines, roll):  # a line tells those for whom the ballot counted, one after the other
    orders, left, rounds = [line["order"].split() for line in lines if line["order"] != "abstain"], dict(OPTIONS), []
    while not rounds or "out" in rounds[-1]:
        tops = collections.Counter(next((name for name in order if name in left), "") for order in orders)
        rounds.append({"counts": (now := {name: tops[name] for name in left}), "exhausted": tops[""]})
        best, active = max(left, key=lambda name: (now[name], -int(name))), len(orders) - tops[""]
        if active and 2 * now[best] <= active and len(left) > 1:  # a tie: the rounds before, then a lot
            tracks = {name: [turn["counts"][name] for turn in rounds[::-1]] for name in left}
            out = min(left, key=lambda name: (tracks[name], sha(f"{VOTE['digest']}:{name}".encode())))
            alike = [list(values.values()).count(values[out]) > 1 for values in (now, tracks)]
            rounds[-1] |= {"out": int(out), "by": ("votes", "earlier", "lot")[sum(alike)]}
            del left[out]
    met = active and left[best] and meets(group, now[best], active - now[best], len(lines), roll)
    return {"ballots": len(lines), "abstain": len(lines) - len(orders), "rounds": rounds, "met": bool(met),
            "winner": int(best) if active else None}
METHOD = globals()["approval" if OWN else TEXT["method"]]
ROLL, BALLOTS, RECEIPTS = read("roll.csv"), read("ballots.csv"), read("receipts.csv")
BASES = [base for base in ("whole", "affected") if RULE[f"{base}_yes"]][: 1 if METHOD is ranked else 2]
for group in [base + part for base in BASES for part in ("", "_senior")[: 2 if RULE["seniors_too"] else 1]]:
    roll, told, apart = len(inside(ROLL, group)), TOLD[group], "abstain" in TOLD[group] and len(RECEIPTS) >= 10
    counted = {**(METHOD(group, inside(BALLOTS, group), roll) if apart else told), "roll": roll}
    check(counted == {name: told[name] for name in counted}, f"{group}: the files say {counted}, the result {told}.")
    print(group, counted, "" if apart else "(fewer than 10 ballots are not told: this rests on the database's word)")
passed = all(count["met"] for count in TOLD.values()) and (not OWN or VOTE["winner"] == int(OWN))
first = ends(at(TEXT["opens_at"]), at(TEXT["closes_at"]))
t = (ends(first, first + 3 * DAY) if VOTE["went_on"] else first) - at(TEXT["closes_at"])
due = (at(TEXT["locked_until"]) + t).isoformat() if passed and (RULE["readings"] < 2 or TEXT["first_reading"]) else None
check([passed, due] == [VOTE["passed"], VOTE["due_at"]], "The rule gives another result, or another day.")
check([sha(VOTE["canonical"].encode()), RULE["name"]] == [VOTE["digest"], TEXT["rule"]], "Text or rule is another.")
check(len({line["receipt"] for line in RECEIPTS}) == VOTE["ballots"], "Receipts are not as many as ballots.")
print(f"Vote {VOTE['vote']}, {TEXT['title']!r}:", f"a mandate from {due} on." if due else "no mandate.")
sys.exit("\n".join(["This does not add up:", *WRONG]) if WRONG else 0)
