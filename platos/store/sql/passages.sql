-- What searches is SQLite's own: MATCH and bm25, and the vocabulary `passages_words`. PostgreSQL has `@@ to_tsquery`,
-- `ts_rank_cd` with weights, and `ts_stat` for these; arrays with `unnest` for json_each. All else is shared.

-- name: add
INSERT INTO passages (id, specialist, source, n, title, text, private, title_words, text_words, checksum)
VALUES (:id, :specialist, :source, :n, :title, :text, :private, :title_words, :text_words, :checksum)

-- name: last
SELECT coalesce(max(id), 0) FROM passages

-- name: index
INSERT INTO passages_index (rowid, title_words, text_words)
SELECT id, title_words, text_words FROM passages WHERE source = :source

-- name: unindex
INSERT INTO passages_index (passages_index, rowid, title_words, text_words)
SELECT 'delete', id, title_words, text_words FROM passages WHERE source = :source

-- name: drop
DELETE FROM passages WHERE source = :source

-- name: outlived
SELECT source FROM passages WHERE specialist = :specialist ORDER BY id DESC LIMIT :count OFFSET :most

-- name: empty_index
INSERT INTO passages_index (passages_index) VALUES ('delete-all')

-- name: empty
DELETE FROM passages

-- name: known (and how many passages there are)
SELECT w.term, w.doc, (SELECT count(*) FROM passages) FROM json_each(:words) j JOIN passages_words w ON w.term = j.value

-- name: search
SELECT p.source, p.n, p.title, p.text, p.private, p.title_words, p.text_words,
    bm25(passages_index, :title_weight, 1.0) AS score
FROM passages_index JOIN passages p ON p.id = passages_index.rowid
WHERE passages_index MATCH :match AND p.specialist IN ('', :specialist)
ORDER BY score, p.source, p.n LIMIT :count

-- name: ended (the last first; how the words were made, and up to where passages are up to date, in every row)
SELECT w.value, t.value, j.n, j.body FROM meta w JOIN meta t ON t.key = :told LEFT JOIN chains c ON c.name = :system
LEFT JOIN journal j ON j.chain = c.id AND j.n > t.value
WHERE w.key = :words ORDER BY j.n DESC LIMIT :count
