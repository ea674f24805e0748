package vigie.agent.reader;

import java.io.File;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;

/**
 * /proc/spl/kstat/zfs: the counters of OpenZFS, whole and by pool and data set. A file is lines of
 * name, type and value below a heading; types 3 and 4 are whole numbers.
 */
public final class ZfsReader implements AutoCloseable {
  private static final int MAX_POOLS = 256;
  private static final int MAX_SETS = 5000;

  private final SmallFiles files = new SmallFiles();
  private final String folder;
  private final String[] parts;
  private final KernelFile[] partFiles;

  /**
   * @param parts files to read, such as {@code arcstats}
   */
  public ZfsReader(Roots roots, String... parts) {
    this.folder = roots.procfs() + "/spl/kstat/zfs";
    this.parts = parts.clone();
    this.partFiles = new KernelFile[parts.length];
    for (int i = 0; i < parts.length; i++) {
      partFiles[i] = new KernelFile(roots.procfs().resolve("spl/kstat/zfs/" + parts[i]));
    }
  }

  /**
   * Reads, and hands each value to {@code sink}.
   *
   * @throws NoDataException when ZFS is not loaded
   * @throws IOException when a file that is there cannot be read
   */
  public void read(Sink sink) throws IOException {
    String[] names = SmallFiles.list(folder);
    if (names.length == 0) {
      throw new NoDataException(folder);
    }
    int pools = 0;
    for (String name : names) {
      int part = Arrays.asList(parts).indexOf(name);
      if (part >= 0) {
        readPart(part, sink);
      } else if (pools < MAX_POOLS && new File(folder, name).isDirectory()) {
        pools++;
        readPool(name, sink);
      }
    }
  }

  private void readPart(int part, Sink sink) throws IOException {
    Bytes in = partFiles[part].read();
    boolean below = false;
    while (in.line()) {
      if (!in.field()) {
        continue;
      }
      if (!below) {
        below = in.is("name");
      } else {
        String name = in.text();
        if (isNumberNext(in)) {
          sink.part(part, name, in.signed());
        }
      }
    }
  }

  private static boolean isNumberNext(Bytes in) {
    return in.field() && (in.is("4") || in.is("3"));
  }

  private void readPool(String pool, Sink sink) {
    String path = folder + "/" + pool + "/";
    int sets = 0;
    for (String file : SmallFiles.list(path)) {
      if (file.startsWith("objset-") && sets < MAX_SETS) {
        sets++;
        readSet(pool, path + file, sink);
      } else if (file.equals("io")) {
        readIo(pool, path + file, sink);
      } else if (file.equals("state")) {
        sink.state(pool, files.text(path + file).toLowerCase(Locale.ROOT));
      }
    }
  }

  private void readSet(String pool, String path, Sink sink) {
    String set = "";
    boolean below = false;
    Bytes in = files.open(path);
    while (in != null) {
      if (in.field()) {
        if (!below) {
          below = in.is("name");
        } else if (in.is("dataset_name")) {
          set = in.field() && in.rest() ? in.text() : "";
        } else {
          String name = in.text();
          if (isNumberNext(in)) {
            sink.set(pool, set, name, in.signed());
          }
        }
      }
      in = in.line() ? in : null;
    }
  }

  /** Of ZFS before 2.0: a heading, below it a line of numbers. */
  private void readIo(String pool, String path, Sink sink) {
    String[] names = new String[0];
    Bytes in = files.open(path);
    while (in != null) {
      if (names.length > 0) {
        for (String name : names) {
          sink.pool(pool, name, in.number());
        }
        return;
      }
      if (in.field() && in.is("nread")) {
        names = new String[32];
        int count = 0;
        do {
          names[count++] = in.text();
        } while (count < names.length && in.field());
        names = Arrays.copyOf(names, count);
      }
      in = in.line() ? in : null;
    }
  }

  @Override
  public void close() {
    for (KernelFile file : partFiles) {
      file.close();
    }
  }

  /** Takes the values. */
  public interface Sink {
    /** A counter of one of the files, by its index. */
    void part(int part, String name, double value);

    void pool(String pool, String name, double value);

    void set(String pool, String set, String name, double value);

    /** A pool's state in small letters. */
    void state(String pool, String state);
  }
}
