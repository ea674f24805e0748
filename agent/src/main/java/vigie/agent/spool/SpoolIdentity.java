package vigie.agent.spool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.ConfigException;
import vigie.base.segment.DataFile;
import vigie.base.segment.FileLayer;

/**
 * Who this spool is, kept in the file {@code identity} beside the segments with what it knew of the
 * machine, so that a copied SD card becomes another:
 *
 * <pre>
 * vigie-spool-identity 1
 * spool 0b3cf1b6-4f6e-4c2b-9d0f-0c0a5f3b8f11
 * machine-id 5d2f…
 * cpu-serial 00000000a1b2c3d4
 * macs b8:27:eb:00:00:01 b8:27:eb:00:00:02
 * </pre>
 */
final class SpoolIdentity {
  private static final Logger log = LoggerFactory.getLogger(SpoolIdentity.class);
  private static final String MAGIC = "vigie-spool-identity ";
  private static final int VERSION = 1;
  private static final int MOST_BYTES = 64 << 10;

  private final Path folder;
  private final FileLayer files;
  private final Host host;
  private final String id;
  private boolean saved;

  private SpoolIdentity(Path folder, FileLayer files, Host host, String id, boolean saved) {
    this.folder = folder;
    this.files = files;
    this.host = host;
    this.id = id;
    this.saved = saved;
  }

  /** Takes the kept one if it is of this machine, else a new one; writes nothing yet. */
  static SpoolIdentity load(Path folder, FileLayer files, Host host) throws IOException {
    Path file = folder.resolve("identity");
    Map<String, String> kept = parse(file, content(file, files));
    String id = kept.getOrDefault("spool", "");
    Host then =
        new Host(
            "",
            "",
            kept.getOrDefault("machine-id", ""),
            kept.getOrDefault("cpu-serial", ""),
            words(kept.getOrDefault("macs", "")),
            file);
    if (!id.isEmpty() && host.mayBe(then)) {
      return new SpoolIdentity(folder, files, host, id, true);
    }
    if (!id.isEmpty()) {
      log.warn("the spool was made on another machine and gets a new identity folder={}", folder);
    }
    return new SpoolIdentity(folder, files, host, UUID.randomUUID().toString(), false);
  }

  private static String content(Path file, FileLayer files) throws IOException {
    try (DataFile data = files.openToRead(file)) {
      ByteBuffer bytes = ByteBuffer.allocate(MOST_BYTES);
      int length = data.read(bytes, 0);
      return new String(bytes.array(), 0, length, StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  private static Map<String, String> parse(Path file, String content) {
    List<String> lines = content.lines().toList();
    Map<String, String> values = new HashMap<>();
    if (lines.isEmpty() || !lines.get(0).startsWith(MAGIC)) {
      if (!content.isEmpty()) {
        log.warn("the spool's identity cannot be read and is made anew file={}", file);
      }
      return values;
    }
    String version = lines.get(0).substring(MAGIC.length());
    if (!version.equals(Integer.toString(VERSION))) {
      throw new ConfigException(
          "%s has version %s, and this program reads version %d; run a newer vigie or set another spool.path"
              .formatted(file, version, VERSION));
    }
    for (String line : lines.subList(1, lines.size())) {
      int space = line.indexOf(' ');
      if (space > 0) {
        values.put(line.substring(0, space), line.substring(space + 1));
      }
    }
    return values;
  }

  private static List<String> words(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split(" "));
  }

  String id() {
    return id;
  }

  /** Writes it if that is still to be done; to be called before the first record of its own. */
  void save() throws IOException {
    if (saved) {
      return;
    }
    String content =
        MAGIC
            + VERSION
            + "\nspool "
            + id
            + "\nmachine-id "
            + host.machineId()
            + "\ncpu-serial "
            + host.cpuSerial()
            + "\nmacs "
            + String.join(" ", host.macs())
            + "\n";
    Path half = folder.resolve("identity.new");
    try (DataFile data = files.create(half)) {
      data.write(ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8)), 0);
      // Before the rename: it may otherwise leave an empty file after a power cut.
      data.sync();
    }
    files.rename(half, folder.resolve("identity"));
    files.syncFolder(folder);
    saved = true;
  }
}
