package vigie.base.segment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The machine's own file systems, through file channels. */
final class DiskFiles implements FileLayer {
  static final DiskFiles INSTANCE = new DiskFiles();

  /**
   * Folders that this process holds. Asked before the lock file is opened: POSIX drops a process's
   * lock when it closes any descriptor of that file.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private static final String LOCK_MAGIC = "vigie-lock 1\n";

  private DiskFiles() {}

  @Override
  public void createFolders(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      return;
    }
    Path parent = folder.toAbsolutePath().getParent();
    if (parent != null) {
      createFolders(parent);
    }
    Files.createDirectory(folder);
    if (parent != null) {
      syncFolder(parent);
    }
  }

  @Override
  public List<String> list(Path folder) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      for (Path entry : entries) {
        if (!Files.isDirectory(entry)) {
          names.add(entry.getFileName().toString());
        }
      }
    }
    return names;
  }

  @Override
  public DataFile create(Path file) throws IOException {
    return open(
        file,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE,
        StandardOpenOption.CREATE,
        StandardOpenOption.TRUNCATE_EXISTING);
  }

  @Override
  public DataFile open(Path file) throws IOException {
    return open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  @Override
  public DataFile openToRead(Path file) throws IOException {
    return open(file, StandardOpenOption.READ);
  }

  private static DataFile open(Path file, OpenOption... how) throws IOException {
    return new ChannelFile(FileChannel.open(file, how));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void delete(Path file) throws IOException {
    Files.delete(file);
  }

  @Override
  public void syncFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public Closeable lock(Path folder) throws IOException {
    String own = Long.toString(ProcessHandle.current().pid());
    Path real = folder.toRealPath();
    if (!HELD.add(real)) {
      throw new FolderHeldException(folder, own + " (this one)");
    }
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(
              folder.resolve("lock"),
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.CREATE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        throw new FolderHeldException(folder, holder(channel));
      }
      nameHolder(channel, own);
    } catch (IOException e) {
      if (channel != null) {
        channel.close();
      }
      HELD.remove(real);
      throw e;
    }
    FileChannel held = channel;
    return () -> {
      held.close();
      HELD.remove(real);
    };
  }

  private static void nameHolder(FileChannel channel, String process) {
    try {
      channel.truncate(0);
      channel.write(
          ByteBuffer.wrap((LOCK_MAGIC + process + "\n").getBytes(StandardCharsets.UTF_8)));
    } catch (IOException e) {
      // The lock holds without it; on a full disk only the number in the other's message is
      // missing.
    }
  }

  private static String holder(FileChannel channel) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(64);
    channel.read(content, 0);
    String text = new String(content.array(), 0, content.position(), StandardCharsets.UTF_8);
    return text.startsWith(LOCK_MAGIC) ? text.substring(LOCK_MAGIC.length()).strip() : "?";
  }

  /** A file channel; closed by an interrupt, which its users meet like any other failure. */
  private record ChannelFile(FileChannel channel) implements DataFile {
    @Override
    public long sizeBytes() throws IOException {
      return channel.size();
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      int total = 0;
      while (into.hasRemaining()) {
        int read = channel.read(into, position + total);
        if (read < 0) {
          break;
        }
        total += read;
      }
      return total;
    }

    @Override
    public void write(ByteBuffer from, long position) throws IOException {
      long at = position;
      while (from.hasRemaining()) {
        at += channel.write(from, at);
      }
    }

    @Override
    public void truncate(long sizeBytes) throws IOException {
      channel.truncate(sizeBytes);
    }

    @Override
    public void sync() throws IOException {
      channel.force(false);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
