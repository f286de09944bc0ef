"""Official clients do what applications do, and print what they saw, a line for each operation.

operations.py elasticsearch|opensearch URL INDEX
"""
import json
import re
import sys

product, url, index = sys.argv[1:4]
if product == "elasticsearch":
    from elasticsearch import Elasticsearch as Client, helpers
    from elasticsearch.exceptions import TransportError
else:
    from opensearchpy import OpenSearch as Client, helpers
    from opensearchpy.exceptions import TransportError
client = Client([url], timeout=60, http_compress=True)
plain = Client([url], timeout=60)

CHANGING = {"took", "_seq_no", "_primary_term", "_scroll_id", "pit_id", "max_score", "creation_time", "index_uuid", "uuid", "_shards", "location"}


def same(value):
    """What is left of an answer when names and numbers that differ from run to run are gone."""
    if isinstance(value, dict):
        return {name.replace(index, "INDEX"): same(v) for name, v in sorted(value.items()) if name not in CHANGING}
    if isinstance(value, (list, tuple)):
        return [same(v) for v in value]
    if isinstance(value, str):
        value = value.replace(index, "INDEX")
        return "ID" if re.fullmatch(r"[A-Za-z0-9_-]{20}", value) else re.sub(r"([\[/])[A-Za-z0-9_-]{20,22}\]", r"\1ID]", value)
    return value


def show(name, do):
    try:
        value = do()
        out = same(value)
    except TransportError as e:
        value, out = None, {"error": e.status_code, "info": same(e.info if isinstance(e.info, dict) else str(e.info))}
    print(json.dumps([name, out], sort_keys=True))
    return value


show("exists not", lambda: client.indices.exists(index))
show("create", lambda: client.indices.create(index, body={"settings": {"number_of_shards": 1, "number_of_replicas": 0}, "mappings": {"properties": {"n": {"type": "integer"}, "t": {"type": "text"}}}}))
show("create again", lambda: client.indices.create(index))
for n in range(20):
    show("index %d" % n, lambda: client.index(index=index, id=str(n), body={"n": n, "t": "word%d other" % (n % 3)}))
show("index without id", lambda: client.index(index=index, body={"n": 100}, refresh=True))
show("create existing", lambda: client.create(index=index, id="1", body={"n": 1}))
show("bad field", lambda: client.index(index=index, id="bad", body={"n": "no number"}))
show("update", lambda: client.update(index=index, id="3", body={"doc": {"n": 33}}))
show("update missing", lambda: client.update(index=index, id="missing", body={"doc": {"n": 33}}))
show("delete", lambda: client.delete(index=index, id="4"))
show("delete missing", lambda: client.delete(index=index, id="4"))
show("get", lambda: client.get(index=index, id="5"))
show("get missing", lambda: client.get(index=index, id="4"))
show("exists", lambda: client.exists(index=index, id="5"))
show("bulk", lambda: client.bulk(body=[{"index": {"_index": index, "_id": "b1"}}, {"n": 7}, {"index": {"_index": index, "_id": "b2"}}, {"n": "x"}, {"delete": {"_index": index, "_id": "nothing"}}, {"update": {"_index": index, "_id": "5"}}, {"doc": {"n": 55}}]))
show("bulk of 5,000", lambda: helpers.bulk(client, ({"_index": index, "_id": "h%d" % n, "n": n, "t": "x" * (n % 700)} for n in range(5000)), chunk_size=1000))
show("refresh", lambda: client.indices.refresh(index))
show("count", lambda: client.count(index=index))
show("search", lambda: plain.search(index=index, body={"query": {"match": {"t": "word1"}}, "sort": ["n"], "aggs": {"n": {"avg": {"field": "n"}}}}))
show("search bad", lambda: client.search(index=index, body={"query": {"nonsense": {}}}))
show("msearch", lambda: client.msearch(body=[{"index": index}, {"size": 1, "sort": ["n"]}, {"index": "missing-index"}, {"size": 1}]))
show("mget", lambda: client.mget(index=index, body={"ids": ["1", "4"]}))
page = show("scroll", lambda: client.search(index=index, scroll="1m", size=2000, body={"sort": ["_doc"]}))
seen = 0
while page and page["hits"]["hits"]:
    seen += len(page["hits"]["hits"])
    page = client.scroll(scroll_id=page["_scroll_id"], scroll="1m")
show("scrolled", lambda: seen)
show("clear scroll", lambda: client.clear_scroll(scroll_id=page["_scroll_id"]))
show("analyze", lambda: client.indices.analyze(index=index, body={"field": "t", "text": "One two"}))
show("alias", lambda: client.indices.put_alias(index=index, name=index + "-alias"))
show("search alias", lambda: client.count(index=index + "-alias"))
show("mapping", lambda: client.indices.put_mapping(index=index, body={"properties": {"k": {"type": "keyword"}}}))
show("get mapping", lambda: client.indices.get_mapping(index=index))
show("template", lambda: client.indices.put_template(index + "-t", body={"index_patterns": [index + "-x*"], "settings": {"number_of_shards": 1}}))
show("delete template", lambda: client.indices.delete_template(index + "-t"))
show("large document", lambda: client.index(index=index, id="large", body={"t": "word " * 500_000}))
show("get large", lambda: len(client.get(index=index, id="large")["_source"]["t"]))
show("refresh again", lambda: client.indices.refresh(index))
show("cat", lambda: client.cat.count(index=index, h="count"))
show("health", lambda: client.cluster.health()["status"] in ("green", "yellow"))
show("delete index", lambda: client.indices.delete(index))
show("gone", lambda: client.indices.get(index))
