package vigie.collector.store.sample;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.segment.FileLayer;
import vigie.base.time.Clock;
import vigie.collector.label.LabelMatcher;
import vigie.collector.label.Labels;

/**
 * The blocks in a folder, in the order in which they were cut from the head, so that a later one
 * counts where two overlap. A block that is damaged where nothing of it could be read is set aside
 * under its name and {@code .damaged}. Reading is safe for all threads; one thread at a time
 * writes.
 */
final class Blocks implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Blocks.class);
  private static final String DAMAGED = ".damaged";
  private static final String UNFINISHED = ".tmp";

  /** Whoever selected series may read them for so long after their block has gone. */
  private static final long CLOSE_NANOS = 600_000_000_000L;

  private final Path folder;
  private final FileLayer files;
  private final Clock clock;
  private final long indexBytes;
  private final AtomicLong damage = new AtomicLong();
  private final Deque<Retired> retired = new ArrayDeque<>();
  private volatile List<Block> blocks = List.of();
  private long lastNumber;
  private volatile boolean stopped;

  /** Indexes in memory, the one used last at the end; guarded by itself. */
  private final Map<Block, BlockIndex> indexes = new LinkedHashMap<>(16, 0.75f, true);

  /** Those whose damage has been told; guarded by itself. */
  private final Set<Path> told = new HashSet<>();

  private record Retired(Block block, long nanos) {}

  /** Gives series in the order of their labels. */
  interface Source {
    void writeTo(Block.Writer writer) throws IOException;
  }

  /** A series of a block. */
  record Found(Block block, BlockIndex.Entry entry) {}

  private Blocks(Path folder, FileLayer files, Clock clock, long indexBytes) {
    this.folder = folder;
    this.files = files;
    this.clock = clock;
    this.indexBytes = indexBytes;
  }

  /**
   * Opens what is there.
   *
   * @param indexBytes what indexes may take in memory; the one in use may be larger
   */
  static Blocks open(Path folder, FileLayer files, Clock clock, long indexBytes)
      throws IOException {
    Blocks opened = new Blocks(folder, files, clock, indexBytes);
    files.createFolders(folder);
    try {
      opened.load();
      return opened;
    } catch (IOException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private void load() throws IOException {
    List<Block> found = new ArrayList<>();
    for (String name : files.list(folder)) {
      Path file = folder.resolve(name);
      long[] numbers = Block.numbers(name);
      if (name.endsWith(UNFINISHED)) {
        files.delete(file);
      } else if (numbers != null) {
        lastNumber = Math.max(lastNumber, numbers[1]);
        try {
          found.add(Block.open(files, file, numbers[0], numbers[1]));
          blocks = List.copyOf(found); // closed if another cannot be opened
        } catch (Block.DamagedException e) {
          setAside(file, e);
        }
      }
    }
    // What a merge had no time to delete.
    List<Block> kept = new ArrayList<>();
    for (Block block : found) {
      boolean merged =
          found.stream()
              .anyMatch(
                  other -> other != block && other.covers(block.firstNumber, block.lastNumber));
      if (merged) {
        block.close();
        files.delete(block.file);
      } else {
        kept.add(block);
      }
    }
    files.syncFolder(folder);
    kept.sort(Comparator.comparingLong(block -> block.firstNumber));
    blocks = List.copyOf(kept);
  }

  List<Block> all() {
    return blocks;
  }

  /** Number of the newest block there has been; 0 where there was none. */
  long lastNumber() {
    return lastNumber;
  }

  /** Numbers up to this have been given. */
  void skipTo(long number) {
    lastNumber = Math.max(lastNumber, number);
  }

  /** Where the newest block ends. */
  long end() {
    List<Block> now = blocks;
    return now.isEmpty() ? Long.MIN_VALUE : now.get(now.size() - 1).end;
  }

  long sizeBytes() {
    return blocks.stream().mapToLong(block -> block.sizeBytes).sum();
  }

  /** Whether any block with samples in that time has histograms. */
  boolean hasHistograms(long fromMillis, long toMillis) {
    return blocks.stream()
        .anyMatch(block -> block.hasHistograms && block.overlaps(fromMillis, toMillis));
  }

  /** How often damage was met. */
  long damageCount() {
    return damage.get();
  }

  /** Makes the newest block of what the source gives; nothing where that is nothing. */
  void write(long from, long end, Source source) throws IOException {
    long number = lastNumber + 1;
    Block made = make(number, number, from, end, source);
    if (made != null) {
      lastNumber = number;
      synchronized (this) {
        List<Block> all = new ArrayList<>(blocks);
        all.add(made);
        blocks = List.copyOf(all);
      }
    }
  }

  private @Nullable Block make(long first, long last, long from, long end, Source source)
      throws IOException {
    Path file = folder.resolve(Block.name(first, last));
    Path unfinished = folder.resolve(Block.name(first, last) + UNFINISHED);
    try {
      try (Block.Writer writer = new Block.Writer(files, unfinished, from, end)) {
        source.writeTo(writer);
        if (writer.samples() == 0) {
          files.delete(unfinished);
          return null;
        }
        writer.finish();
      }
      files.rename(unfinished, file);
      files.syncFolder(folder);
      return Block.open(files, file, first, last);
    } catch (Block.DamagedException e) {
      throw e;
    } catch (IOException e) {
      deleteQuietly(unfinished);
      throw new IOException("cannot write block " + file + ": " + FileLayer.reason(e), e);
    }
  }

  private void deleteQuietly(Path file) {
    try {
      if (files.list(folder).contains(file.getFileName().toString())) {
        files.delete(file);
      }
    } catch (IOException e) {
      log.debug("unfinished block left file={} cause=\"{}\"", file, e.getMessage());
    }
  }

  /** The matching series of blocks that have samples in that time, oldest block first. */
  List<Found> select(long fromMillis, long toMillis, List<LabelMatcher> matchers) {
    List<Found> selected = new ArrayList<>();
    for (Block block : blocks) {
      if (!block.overlaps(fromMillis, toMillis)) {
        continue;
      }
      BlockIndex index = index(block);
      if (index == null) {
        continue;
      }
      for (int number : index.find(matchers)) {
        BlockIndex.Entry entry = index.entry(number);
        if (entry.first() <= toMillis && entry.last() >= fromMillis) {
          selected.add(new Found(block, entry));
        }
      }
    }
    return selected;
  }

  /** As {@link Head#look}, of every block. */
  void look(
      long fromMillis,
      long toMillis,
      List<LabelMatcher> matchers,
      @Nullable Consumer<LabelIndex> all,
      Consumer<Labels> each) {
    for (Block block : blocks) {
      BlockIndex index = block.overlaps(fromMillis, toMillis) ? index(block) : null;
      if (index != null && all != null && matchers.isEmpty()) {
        all.accept(index);
      } else if (index != null) {
        for (int number : index.find(matchers)) {
          each.accept(index.labels(number));
        }
      }
    }
  }

  /** The index, kept in memory for a while; null where it cannot be read. */
  private @Nullable BlockIndex index(Block block) {
    synchronized (indexes) {
      BlockIndex known = indexes.get(block);
      if (known != null) {
        return known;
      }
    }
    try {
      BlockIndex read = block.index();
      synchronized (indexes) {
        indexes.put(block, read);
        long total = indexes.values().stream().mapToLong(BlockIndex::sizeBytes).sum();
        Iterator<BlockIndex> oldest = indexes.values().iterator();
        while (total > indexBytes && indexes.size() > 1) {
          total -= oldest.next().sizeBytes();
          oldest.remove();
        }
      }
      return read;
    } catch (Block.DamagedException e) {
      remove(List.of(block), null);
      setAside(block.file, e);
    } catch (IOException e) {
      tell(block.file, e);
    }
    return null;
  }

  /** The chunks of a series from one time to the other; those that can be read. */
  List<Chunk> read(Found found, long fromMillis, long toMillis) {
    List<Chunk> chunks = new ArrayList<>();
    try {
      found.block.read(found.entry, fromMillis, toMillis, chunks);
    } catch (IOException e) {
      tell(found.block.file, e);
    }
    return chunks;
  }

  private void tell(Path file, IOException e) {
    damage.incrementAndGet();
    synchronized (told) {
      if (told.add(file)) {
        log.error("samples of a block cannot be read cause=\"{}\"", e.getMessage());
      }
    }
  }

  private void setAside(Path file, IOException why) {
    damage.incrementAndGet();
    Path aside = file.resolveSibling(file.getFileName() + DAMAGED);
    try {
      files.rename(file, aside);
      log.error("block set aside file={} cause=\"{}\"", aside, why.getMessage());
    } catch (IOException e) {
      log.error("damaged block left out file={} cause=\"{}\"", file, why.getMessage());
    }
  }

  /** Takes blocks out of the list, putting another in their place. */
  private synchronized void remove(List<Block> gone, @Nullable Block merged) {
    List<Block> left = new ArrayList<>(blocks);
    int place = Math.max(0, left.indexOf(gone.get(0)));
    left.removeAll(gone);
    if (merged != null) {
      left.add(place, merged);
    }
    blocks = List.copyOf(left);
    synchronized (indexes) {
      gone.forEach(indexes::remove);
    }
    gone.forEach(block -> retired.add(new Retired(block, clock.nanos())));
  }

  /**
   * Merges neighbours where that is due.
   *
   * @param rangeMillis what a block cut from the head spans; two in the same such range are merged,
   *     and then those in three times as much, as often as that
   * @param largestMillis no merged block spans more
   * @return whether there was anything to do
   */
  boolean compact(long rangeMillis, long largestMillis) throws IOException {
    for (long range = rangeMillis; range <= largestMillis; range *= 3) {
      List<Block> due = due(range);
      if (due.size() > 1) {
        merge(due);
        return true;
      }
    }
    return false;
  }

  /** The first neighbours that lie in one range of which nothing is still to come. */
  private List<Block> due(long range) {
    List<Block> all = blocks;
    List<Block> group = new ArrayList<>();
    for (Block block : all) {
      long window = Math.floorDiv(block.from, range);
      boolean fits = block.end <= (window + 1) * range;
      if (group.isEmpty() || !fits || Math.floorDiv(group.get(0).from, range) != window) {
        if (group.size() > 1) {
          return group;
        }
        group.clear();
      }
      if (fits && end() >= (window + 1) * range) {
        group.add(block);
      }
    }
    return group;
  }

  private void merge(List<Block> sources) throws IOException {
    Block first = sources.get(0);
    Block last = sources.get(sources.size() - 1);
    long from = sources.stream().mapToLong(block -> block.from).min().orElseThrow();
    long end = sources.stream().mapToLong(block -> block.end).max().orElseThrow();
    Block merged =
        make(
            first.firstNumber,
            last.lastNumber,
            from,
            end,
            writer -> {
              PriorityQueue<Cursor> cursors = new PriorityQueue<>();
              for (int i = 0; i < sources.size(); i++) {
                BlockIndex index = index(sources.get(i));
                if (index == null) {
                  throw new IOException("block " + sources.get(i).file + " cannot be read");
                }
                Cursor cursor = new Cursor(sources.get(i), i, index);
                if (cursor.next()) {
                  cursors.add(cursor);
                }
              }
              writeMerged(cursors, writer);
            });
    remove(sources, merged);
    for (Block source : sources) {
      files.delete(source.file);
    }
    files.syncFolder(folder);
  }

  private void writeMerged(PriorityQueue<Cursor> cursors, Block.Writer writer) throws IOException {
    List<Chunk> chunks = new ArrayList<>();
    while (!cursors.isEmpty()) {
      throwIfStopped();
      chunks.clear();
      Labels labels = cursors.element().labels;
      while (!cursors.isEmpty() && cursors.element().labels.equals(labels)) {
        Cursor cursor = cursors.remove();
        List<Chunk> newer = new ArrayList<>();
        try {
          BlockIndex.Entry entry = cursor.index.entry(cursor.number);
          cursor.block.read(entry, Long.MIN_VALUE, Long.MAX_VALUE, newer);
        } catch (Block.DamagedException e) {
          tell(cursor.block.file, e);
        }
        Chunks.append(chunks, newer);
        if (cursor.next()) {
          cursors.add(cursor);
        }
      }
      Chunks.joinSmall(chunks);
      if (!chunks.isEmpty()) {
        writer.add(labels, chunks);
      }
    }
  }

  /** Has what is being written fail soon. */
  void stop() {
    stopped = true;
  }

  void throwIfStopped() throws IOException {
    if (stopped) {
      throw new IOException("the store is being closed");
    }
  }

  /** A place among the series of a block; that of the older block comes first. */
  private static final class Cursor implements Comparable<Cursor> {
    final Block block;
    final BlockIndex index;
    private final int age;
    int number = -1;
    Labels labels = Labels.EMPTY;

    Cursor(Block block, int age, BlockIndex index) {
      this.block = block;
      this.age = age;
      this.index = index;
    }

    boolean next() {
      if (++number >= index.size()) {
        return false;
      }
      labels = index.labels(number);
      return true;
    }

    @Override
    public int compareTo(Cursor other) {
      int order = labels.compareTo(other.labels);
      return order != 0 ? order : Integer.compare(age, other.age);
    }
  }

  /**
   * Deletes the oldest blocks: those that end before a time, and as many as it takes for all to
   * have no more than so many bytes.
   *
   * @param ageKey the setting that says how old they may get, for the log
   */
  void retain(long horizonMillis, long mostBytes, String ageKey) throws IOException {
    while (true) {
      List<Block> all = blocks;
      if (all.isEmpty()) {
        return;
      }
      Block oldest = all.get(0);
      boolean old = oldest.end <= horizonMillis;
      if (!old && sizeBytes() <= mostBytes) {
        return;
      }
      log.info(
          "block deleted file={} cause={}", oldest.file, old ? ageKey : "storage.samples_bytes");
      remove(List.of(oldest), null);
      files.delete(oldest.file);
      files.syncFolder(folder);
    }
  }

  /** Closes what was taken out long ago. */
  synchronized void closeRetired() {
    while (!retired.isEmpty() && clock.nanos() - retired.element().nanos > CLOSE_NANOS) {
      closeQuietly(retired.remove().block);
    }
  }

  private static void closeQuietly(Block block) {
    try {
      block.close();
    } catch (IOException e) {
      log.debug("block not closed cause=\"{}\"", e.getMessage());
    }
  }

  @Override
  public synchronized void close() {
    blocks.forEach(Blocks::closeQuietly);
    retired.forEach(gone -> closeQuietly(gone.block));
    retired.clear();
  }
}
