package vigie.base.segment;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file system of a few bytes that a test can fill up: a tmpfs, mounted while this is open. Needs
 * root.
 */
public final class SmallDisk implements AutoCloseable {
  private final Path path;

  private SmallDisk(Path path) {
    this.path = path;
  }

  public static SmallDisk mount(int kibibytes) throws IOException, InterruptedException {
    return mount("size=" + kibibytes + "k");
  }

  /** With room for so many files and folders, its own among them. */
  public static SmallDisk ofFiles(int most) throws IOException, InterruptedException {
    return mount("size=64m,nr_inodes=" + most);
  }

  private static SmallDisk mount(String options) throws IOException, InterruptedException {
    Path target = Files.createDirectories(Path.of("target").toAbsolutePath());
    Path path = Files.createTempDirectory(target, "small-disk-");
    run("mount", "-t", "tmpfs", "-o", options, "vigie-test", path.toString());
    return new SmallDisk(path);
  }

  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException, InterruptedException {
    run("umount", "--lazy", path.toString());
    Files.delete(path);
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    if (process.waitFor() != 0) {
      throw new AssertionError(
          "this test mounts a small tmpfs and needs root: run deploy/check.sh as root; "
              + String.join(" ", command)
              + ": "
              + output);
    }
  }
}
