package vigie.base.segment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file system in memory that forgets at a {@link #powerCut} what was not synced: writes (also in
 * part), cuts, creations, deletions and renames. It can also be full, fail a write half way, and
 * fail a sync as Linux does: once, with the bytes gone for good although they can still be read.
 * Folders themselves are never forgotten. Safe for all threads.
 */
public final class ForgetfulFiles implements FileLayer {
  /** What a power cut leaves of that which was not synced. */
  public enum Forget {
    /** Nothing of it. */
    ALL,
    /** A random part: some folder changes, some pieces of 512 bytes, the last one torn. */
    SOME,
    /** Everything: what a killed process leaves. */
    NOTHING
  }

  private final Random random;
  private final Map<Path, Inode> names = new LinkedHashMap<>();
  private final Map<Path, Inode> durableNames = new LinkedHashMap<>();
  private final List<Path> unsyncedNames = new ArrayList<>();
  private final Set<Path> locks = new HashSet<>();
  private int life;
  private long spaceBytes = Long.MAX_VALUE;
  private double failingWrites;
  private double failingSyncs;
  private long syncs;
  private long writes;
  private long reads;

  /** The seed decides what is forgotten and what fails; print it in the test's failure. */
  public ForgetfulFiles(long seed) {
    this.random = new Random(seed);
  }

  /** Ends all open files and locks, as the machine's or the process's end does. */
  public synchronized void powerCut(Forget forget) {
    life++;
    locks.clear();
    if (forget == Forget.NOTHING) {
      return;
    }
    for (Path name : unsyncedNames) {
      if (forget == Forget.SOME && random.nextBoolean()) {
        keepName(name);
      }
    }
    unsyncedNames.clear();
    names.clear();
    names.putAll(durableNames);
    for (Inode inode : new LinkedHashSet<>(names.values())) {
      inode.cut(forget == Forget.SOME ? random : null);
    }
  }

  /** From now on all files together hold at most so many bytes. */
  public synchronized void setSpaceBytes(long most) {
    spaceBytes = most;
  }

  /** The share of writes, from 0 to 1, that fail after a part of their bytes. */
  public synchronized void setFailingWrites(double share) {
    failingWrites = share;
  }

  /** The share of syncs, from 0 to 1, that fail. */
  public synchronized void setFailingSyncs(double share) {
    failingSyncs = share;
  }

  /** How many syncs of files, not of folders, there were. */
  public synchronized long syncs() {
    return syncs;
  }

  /** How many reads there were. */
  public synchronized long reads() {
    return reads;
  }

  /** How many writes there were. */
  public synchronized long writes() {
    return writes;
  }

  /** What the file holds now, to be changed and {@link #put} back. */
  public synchronized byte[] get(Path file) throws IOException {
    Inode inode = inode(file);
    return inode.now.copy();
  }

  /** Puts a file there, durably. */
  public synchronized void put(Path file, byte[] content) {
    Inode inode = new Inode();
    inode.change(new Change(0, content.clone()));
    inode.sync();
    names.put(key(file), inode);
    durableNames.put(key(file), inode);
  }

  @Override
  public void createFolders(Path folder) {
    // A folder is there when it is asked for.
  }

  @Override
  public synchronized List<String> list(Path folder) {
    return names.keySet().stream()
        .filter(name -> key(folder).equals(name.getParent()))
        .map(name -> name.getFileName().toString())
        .toList();
  }

  @Override
  public synchronized DataFile create(Path file) throws IOException {
    Inode inode = names.get(key(file));
    if (inode == null) {
      inode = new Inode();
      names.put(key(file), inode);
      unsyncedNames.add(key(file));
    }
    OpenFile opened = new OpenFile(inode);
    opened.truncate(0);
    return opened;
  }

  @Override
  public synchronized DataFile open(Path file) throws IOException {
    return new OpenFile(inode(file));
  }

  @Override
  public DataFile openToRead(Path file) throws IOException {
    return open(file);
  }

  @Override
  public synchronized void rename(Path from, Path to) throws IOException {
    names.put(key(to), inode(from));
    names.remove(key(from));
    unsyncedNames.add(key(to));
    unsyncedNames.add(key(from));
  }

  @Override
  public synchronized void delete(Path file) throws IOException {
    inode(file);
    names.remove(key(file));
    unsyncedNames.add(key(file));
  }

  @Override
  public synchronized void syncFolder(Path folder) throws IOException {
    failMaybe(failingSyncs, "Input/output error (folder)");
    unsyncedNames.removeIf(
        name -> {
          boolean here = key(folder).equals(name.getParent());
          if (here) {
            keepName(name);
          }
          return here;
        });
  }

  @Override
  public synchronized Closeable lock(Path folder) throws IOException {
    if (!locks.add(key(folder))) {
      throw new FolderHeldException(folder, "1");
    }
    int taken = life;
    return () -> {
      synchronized (this) {
        if (life == taken) {
          locks.remove(key(folder));
        }
      }
    };
  }

  private void keepName(Path name) {
    Inode inode = names.get(name);
    if (inode == null) {
      durableNames.remove(name);
    } else {
      durableNames.put(name, inode);
    }
  }

  private Inode inode(Path file) throws IOException {
    Inode inode = names.get(key(file));
    if (inode == null) {
      throw new NoSuchFileException(file.toString());
    }
    return inode;
  }

  private static Path key(Path path) {
    return path.toAbsolutePath().normalize();
  }

  private void failMaybe(double share, String message) throws IOException {
    if (share > 0 && random.nextDouble() < share) {
      throw new IOException(message);
    }
  }

  private long usedBytes() {
    return names.values().stream().distinct().mapToLong(inode -> inode.now.size).sum();
  }

  /** Bytes that grow. */
  private static final class Content {
    private byte[] bytes = new byte[0];
    private int size;

    void apply(Change change) {
      if (change.bytes == null) {
        size = Math.min(size, change.at);
        return;
      }
      int end = change.at + change.bytes.length;
      if (end > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
      }
      if (change.at > size) {
        Arrays.fill(bytes, size, change.at, (byte) 0);
      }
      System.arraycopy(change.bytes, 0, bytes, change.at, change.bytes.length);
      size = Math.max(size, end);
    }

    byte[] copy() {
      return Arrays.copyOf(bytes, size);
    }
  }

  /** Content as programs see it, as the disk has it, and the steps that are only in memory. */
  private static final class Inode {
    private static final int SECTOR = 512;
    private final Content now = new Content();
    private final Content durable = new Content();
    private final Deque<Change> changes = new ArrayDeque<>();

    void change(Change change) {
      now.apply(change);
      changes.add(change);
    }

    void sync() {
      changes.forEach(durable::apply);
      changes.clear();
    }

    /** The kernel reports lost pages once, calls them clean, and goes on showing them. */
    void failSync(Random random) {
      changes.removeIf(change -> change.bytes != null && random.nextBoolean());
      sync();
    }

    void cut(@Nullable Random random) {
      for (Change change : changes) {
        if (random != null) {
          keepPart(change, random);
        }
      }
      changes.clear();
      now.size = 0;
      now.apply(new Change(0, durable.copy()));
    }

    private void keepPart(Change change, Random random) {
      int way = random.nextInt(4);
      if (way == 0) {
        durable.apply(change);
      } else if (change.bytes != null && way == 1) {
        int part = random.nextInt(change.bytes.length + 1);
        durable.apply(new Change(change.at, Arrays.copyOf(change.bytes, part)));
      } else if (change.bytes != null && way == 2) {
        for (int from = 0; from < change.bytes.length; from += SECTOR) {
          if (random.nextBoolean()) {
            int to = Math.min(change.bytes.length, from + SECTOR);
            durable.apply(new Change(change.at + from, Arrays.copyOfRange(change.bytes, from, to)));
          }
        }
      }
    }
  }

  /** A write, or a cut to {@code at} where there are no bytes. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Change(int at, byte @Nullable [] bytes) {}

  private final class OpenFile implements DataFile {
    private final Inode inode;
    private final int opened = life;

    OpenFile(Inode inode) {
      this.inode = inode;
    }

    private void ensureAlive() throws IOException {
      if (opened != life) {
        throw new IOException("this process has ended");
      }
    }

    @Override
    public long sizeBytes() throws IOException {
      synchronized (ForgetfulFiles.this) {
        ensureAlive();
        return inode.now.size;
      }
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      synchronized (ForgetfulFiles.this) {
        ensureAlive();
        reads++;
        int count = (int) Math.max(0, Math.min(into.remaining(), inode.now.size - position));
        if (count > 0) {
          into.put(inode.now.bytes, (int) position, count);
        }
        return count;
      }
    }

    @Override
    public void write(ByteBuffer from, long position) throws IOException {
      synchronized (ForgetfulFiles.this) {
        ensureAlive();
        writes++;
        int size = from.remaining();
        long room = spaceBytes - usedBytes();
        boolean failing = failingWrites > 0 && random.nextDouble() < failingWrites;
        long grows = Math.max(0, position + size - inode.now.size);
        int part = failing ? random.nextInt(size + 1) : size;
        if (grows > room) {
          part = (int) Math.max(0, Math.min(part, size - (grows - Math.max(0, room))));
        }
        byte[] bytes = new byte[part];
        from.get(bytes);
        if (part > 0) {
          inode.change(new Change((int) position, bytes));
        }
        if (part < size || failing) {
          throw new IOException("No space left on device");
        }
      }
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      synchronized (ForgetfulFiles.this) {
        ensureAlive();
        if (sizeBytes < inode.now.size) {
          inode.change(new Change((int) sizeBytes, null));
        }
      }
    }

    @Override
    public void sync() throws IOException {
      synchronized (ForgetfulFiles.this) {
        ensureAlive();
        syncs++;
        if (failingSyncs > 0 && random.nextDouble() < failingSyncs) {
          inode.failSync(random);
          throw new IOException("Input/output error");
        }
        inode.sync();
      }
    }

    @Override
    public void close() {
      // Nothing is kept open.
    }
  }
}
