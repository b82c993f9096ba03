-- name: write (what FTS5 holds back is written)
INSERT INTO passages_index (passages_index, rank) VALUES ('merge', 1)

-- name: rows
SELECT 0, key, '', value FROM meta WHERE key = 'index'
UNION ALL SELECT 1, id, '', block FROM passages_index_data
UNION ALL SELECT 2, segid, term, pgno FROM passages_index_idx
UNION ALL SELECT 3, id, '', sz FROM passages_index_docsize
UNION ALL SELECT 4, k, '', v FROM passages_index_config
ORDER BY 1, 2, 3
