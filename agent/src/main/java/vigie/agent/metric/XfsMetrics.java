package vigie.agent.metric;

import io.prometheus.metrics.model.snapshots.Labels;
import java.util.List;
import vigie.agent.reader.Roots;
import vigie.agent.reader.XfsReader;
import vigie.agent.reader.XfsReader.Volume;

/** {@code node_xfs_*}: what XFS file systems did since they were mounted. */
final class XfsMetrics implements Subject {
  private final LabelCache<String> labels = LabelCache.of("device");
  private final List<Family> families;
  private final XfsReader reader;

  XfsMetrics(Roots roots) {
    reader =
        new XfsReader(
            roots,
            List.of("extent_alloc", "abt", "blk_map", "bmbt", "dir", "ig", "rw", "vnodes"),
            4,
            4,
            7,
            4,
            4,
            7,
            2,
            7);
    families =
        List.of(
            counter("extent_allocation_extents_allocated", "Extents allocated."),
            counter("extent_allocation_blocks_allocated", "Blocks allocated."),
            counter("extent_allocation_extents_freed", "Extents freed."),
            counter("extent_allocation_blocks_freed", "Blocks freed."),
            counter("allocation_btree_lookups", "Lookups in the allocation tree."),
            counter("allocation_btree_compares", "Comparisons in the allocation tree."),
            counter("allocation_btree_records_inserted", "Records put into the allocation tree."),
            counter(
                "allocation_btree_records_deleted", "Records taken out of the allocation tree."),
            counter("block_mapping_reads", "Block mappings for reading."),
            counter("block_mapping_writes", "Block mappings for writing."),
            counter("block_mapping_unmaps", "Blocks unmapped."),
            counter("block_mapping_extent_list_insertions", "Extents put into lists."),
            counter("block_mapping_extent_list_deletions", "Extents taken out of lists."),
            counter("block_mapping_extent_list_lookups", "Lookups in lists of extents."),
            counter("block_mapping_extent_list_compares", "Comparisons in lists of extents."),
            counter("block_map_btree_lookups", "Lookups in block map trees."),
            counter("block_map_btree_compares", "Comparisons in block map trees."),
            counter("block_map_btree_records_inserted", "Records put into block map trees."),
            counter("block_map_btree_records_deleted", "Records taken out of block map trees."),
            counter("directory_operation_lookup", "Names looked up that were not cached."),
            counter("directory_operation_create", "Names created."),
            counter("directory_operation_remove", "Names removed."),
            counter("directory_operation_getdents", "Listings of directories."),
            counter("inode_operation_attempts", "Inodes looked for in the cache."),
            counter("inode_operation_found", "Inodes found in the cache."),
            counter("inode_operation_recycled", "Inodes found that were just being recycled."),
            counter("inode_operation_missed", "Inodes not found in the cache."),
            counter("inode_operation_duplicates", "Inodes that another one cached meanwhile."),
            counter("inode_operation_reclaims", "Inodes whose memory was taken back."),
            counter("inode_operation_attribute_changes", "Changes of an inode's attributes."),
            counter("write_calls", "Calls of write(2)."),
            counter("read_calls", "Calls of read(2)."),
            counter("vnode_active", "Vnodes not on free lists."),
            counter("vnode_allocate", "Calls of vn_alloc."),
            counter("vnode_get", "Calls of vn_get."),
            counter("vnode_hold", "Calls of vn_hold."),
            counter("vnode_release", "Calls of vn_rele."),
            counter("vnode_reclaim", "Calls of vn_reclaim."),
            counter("vnode_remove", "Calls of vn_remove."));
  }

  private static Family counter(String what, String help) {
    return Family.counter("node_xfs_" + what + "_total", help);
  }

  @Override
  public String name() {
    return "xfs";
  }

  @Override
  public List<Family> families() {
    return families;
  }

  @Override
  public void collect() {
    for (Volume volume : reader.read()) {
      Labels of = labels.get(volume.device());
      for (int i = 0; i < families.size(); i++) {
        families.get(i).add(of, volume.counters()[i]);
      }
    }
  }
}
