package sandbox

import "strings"

// What an OpenSearch 2.19.1 knows as index settings, by the kind of their values. Taken from a real one:
// GET /INDEX/_settings?include_defaults=true&flat_settings=true. Those that only the server sets are not
// among them.
var (
	boolSettings = settingSet(`append_only.enabled blocks.metadata blocks.read blocks.read_only
		blocks.read_only_allow_delete blocks.write check_pending_flush.enabled composite_index
		force_memory_term_dictionary hidden indexing.slowlog.reformat load_fixed_bitset_filters_eagerly
		mapper.dynamic mapping.coerce mapping.ignore_malformed merge.scheduler.auto_throttle
		merge_on_flush.enabled optimize_auto_generated_id optimize_doc_id_lookup.fuzzy_set.enabled
		queries.cache.enabled query.derived_field.enabled query.parse.allow_unmapped_fields
		query_string.lenient remote_store.enabled requests.cache.enable
		search.concurrent_segment_search.enabled search.throttled soft_deletes.enabled
		unreferenced_file_cleanup.enabled use_compound_file verified_before_close warmer.enabled`)
	intSettings = settingSet(`allocation.max_retries analyze.max_token_count codec.compression_level
		composite_index.star_tree.default.max_leaf_docs composite_index.star_tree.field.max_base_metrics
		composite_index.star_tree.field.max_date_intervals composite_index.star_tree.field.max_dimensions
		composite_index.star_tree.max_fields context.created_version context.current_version format
		highlight.max_analyzed_offset indexing.slowlog.source mapping.depth.limit
		mapping.field_name_length.limit mapping.nested_fields.limit mapping.nested_objects.limit
		mapping.total_fields.limit max_adjacency_matrix_filters max_docvalue_fields_search
		max_inner_result_window max_ngram_diff max_refresh_listeners max_regex_length max_rescore_window
		max_result_window max_script_fields max_shingle_diff max_slices_per_pit max_slices_per_scroll
		max_terms_count merge.log_byte_size_policy.max_merged_docs merge.log_byte_size_policy.merge_factor
		merge.policy.max_merge_at_once merge.scheduler.max_merge_count merge.scheduler.max_thread_count
		number_of_replicas number_of_routing_shards number_of_shards priority query.max_nested_depth
		remote_store.translog.keep_extra_gen routing.allocation.total_shards_per_node
		routing_partition_size search.concurrent.max_slice_count soft_deletes.retention.operations`)
	timeSettings = settingSet(`gc_deletes merge_on_flush.max_full_flush_merge_wait_time refresh_interval
		remote_store.translog.buffer_interval search.idle.after soft_deletes.retention_lease.period
		store.stats_refresh_interval translog.sync_interval unassigned.node_left.delayed_timeout
		translog.retention.age
		indexing.slowlog.threshold.index.debug indexing.slowlog.threshold.index.info
		indexing.slowlog.threshold.index.trace indexing.slowlog.threshold.index.warn
		search.slowlog.threshold.fetch.debug search.slowlog.threshold.fetch.info
		search.slowlog.threshold.fetch.trace search.slowlog.threshold.fetch.warn
		search.slowlog.threshold.query.debug search.slowlog.threshold.query.info
		search.slowlog.threshold.query.trace search.slowlog.threshold.query.warn`)
	byteSettings = settingSet(`flush_after_merge merge.log_byte_size_policy.max_merge_segment
		merge.log_byte_size_policy.max_merge_segment_forced_merge merge.log_byte_size_policy.min_merge
		merge.policy.floor_segment merge.policy.max_merged_segment translog.flush_threshold_size
		translog.generation_threshold_size translog.retention.size`)
	textSettings = settingSet(`allocation.existing_shards_allocator auto_expand_replicas codec
		compound_format data_path default_pipeline fielddata.cache final_pipeline indexing.slowlog.level
		merge.log_byte_size_policy.no_cfs_ratio merge.policy merge.policy.deletes_pct_allowed
		merge.policy.expunge_deletes_allowed merge.policy.reclaim_deletes_weight
		merge.policy.segments_per_tier merge_on_flush.policy
		optimize_doc_id_lookup.fuzzy_set.false_positive_probability recovery.type
		remote_store.segment.repository remote_store.translog.repository replication.type
		routing.allocation.enable routing.rebalance.enable search.concurrent_segment_search.mode
		search.default_pipeline search.slowlog.level shard.check_on_startup store.fs.fs_lock store.type
		translog.durability write.wait_for_active_shards query.default_field sort.field sort.missing
		sort.mode sort.order store.hybrid.mmap.extensions store.hybrid.nio.extensions store.preload
		composite_index.star_tree.field.default.date_intervals
		composite_index.star_tree.field.default.metrics`)
	privateSettings = settingSet(`version.created`)
)

// settingGroups take any name below them.
var settingGroups = []string{
	"index.analysis.", "index.similarity.", "index.routing.allocation.include.",
	"index.routing.allocation.exclude.", "index.routing.allocation.require.",
	"index.routing.allocation.initial_recovery.",
}

func settingSet(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set["index."+name] = true
	}
	return set
}
