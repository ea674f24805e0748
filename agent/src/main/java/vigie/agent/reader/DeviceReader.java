package vigie.agent.reader;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * What udev knows of a block device: {@code /run/udev/data/bMAJOR:MINOR} below the root, lines
 * {@code E:KEY=VALUE}, and its queue under /sys/block. Not for the hot path: ask once for each
 * device.
 */
public final class DeviceReader {
  private static final int MAX_BYTES = 64 << 10;

  private final Path folder;
  private final String blocks;
  private final SmallFiles files = new SmallFiles();

  public DeviceReader(Roots roots) {
    blocks = roots.sysfs() + "/block/";
    folder = roots.inRoot("run/udev/data");
  }

  /** The device's properties; empty where udev has none, in most containers for one. */
  public Map<String, String> properties(int major, int minor) {
    Map<String, String> properties = new HashMap<>();
    byte[] text = new byte[0];
    try (var in = Files.newInputStream(folder.resolve("b" + major + ":" + minor))) {
      text = in.readNBytes(MAX_BYTES);
    } catch (IOException absent) {
      return properties;
    }
    for (String line : new String(text, StandardCharsets.UTF_8).split("\n", -1)) {
      int equals = line.indexOf('=');
      if (line.startsWith("E:") && equals > 2) {
        properties.put(line.substring(2, equals), line.substring(equals + 1));
      }
    }
    return properties;
  }

  /** Whether the device turns, as far as its driver tells. */
  public boolean rotational(String name) {
    return files.number(blocks + name + "/queue/rotational") == 1;
  }
}
