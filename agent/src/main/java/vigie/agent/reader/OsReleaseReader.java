package vigie.agent.reader;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * /etc/os-release, else /usr/lib/os-release, below the root: assignments as of a shell. Source:
 * os-release(5). Read again when the file has changed.
 */
public final class OsReleaseReader {
  private static final int MAX_BYTES = 64 << 10;

  private final List<File> files;
  private Map<String, String> values = Map.of();
  private String seen = "";

  public OsReleaseReader(Roots roots) {
    files =
        List.of(
            roots.inRoot("etc/os-release").toFile(), roots.inRoot("usr/lib/os-release").toFile());
  }

  /**
   * The assignments by name, the same map while the file stays the same.
   *
   * @throws NoDataException when there is no such file
   * @throws IOException when it cannot be read
   */
  public Map<String, String> read() throws IOException {
    for (File file : files) {
      long modified = file.lastModified();
      if (modified != 0) {
        String now = file + " " + modified + " " + file.length();
        if (!now.equals(seen)) {
          values = parse(file.toPath());
          seen = now;
        }
        return values;
      }
    }
    throw new NoDataException(files.get(0) + ", " + files.get(1));
  }

  private static Map<String, String> parse(Path file) throws IOException {
    byte[] bytes;
    try (var in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_BYTES);
    }
    Map<String, String> values = new HashMap<>();
    for (String line : new String(bytes, StandardCharsets.UTF_8).split("\n", -1)) {
      int equals = line.indexOf('=');
      if (equals > 0 && !line.stripLeading().startsWith("#")) {
        values.put(line.substring(0, equals).strip(), unquoted(line.substring(equals + 1).strip()));
      }
    }
    return values;
  }

  private static String unquoted(String text) {
    if (text.length() > 1 && text.startsWith("'") && text.endsWith("'")) {
      return text.substring(1, text.length() - 1);
    }
    boolean quoted = text.length() > 1 && text.startsWith("\"") && text.endsWith("\"");
    String inner = quoted ? text.substring(1, text.length() - 1) : text;
    StringBuilder plain = new StringBuilder(inner.length());
    for (int i = 0; i < inner.length(); i++) {
      char c = inner.charAt(i);
      if (c == '\\' && i + 1 < inner.length()) {
        c = inner.charAt(++i);
      }
      plain.append(c);
    }
    return plain.toString();
  }
}
