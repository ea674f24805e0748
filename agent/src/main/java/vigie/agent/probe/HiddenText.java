package vigie.agent.probe;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import vigie.base.config.Secret;
import vigie.base.config.Section;
import vigie.base.config.Value;

/**
 * A secret of a module, in a file or, with a warning, in the configuration. Other than {@link
 * Secret} compared by value, so that a reload keeps a probe's state.
 */
record HiddenText(@Nullable Path file, @Nullable String text) {

  /** {@code KEY_file} or {@code KEY}; null where neither is there. */
  static @Nullable HiddenText read(Section section, String key) {
    Value file = section.value(key + "_file");
    Value inline = section.value(key);
    if (file != null) {
      if (inline != null) {
        section.fault(key, key + " and " + key + "_file exclude each other");
      }
      Path path = file.path();
      return path == null ? null : new HiddenText(path, null);
    }
    if (inline == null) {
      return null;
    }
    section.warn(key, key + " is a secret in plain text; better: " + key + "_file");
    String text = inline.string();
    return text == null ? null : new HiddenText(null, text);
  }

  static HiddenText inFile(Path file) {
    return new HiddenText(file, null);
  }

  /**
   * The secret; never to be shown. Reads a file.
   *
   * @throws IOException that names the file and says why it cannot be read
   */
  String reveal() throws IOException {
    if (text != null) {
      return text;
    }
    if (file == null) {
      throw new IllegalStateException("BUG: a secret with neither text nor file");
    }
    try {
      return Secret.inFile(file).reveal();
    } catch (java.io.UncheckedIOException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public String toString() {
    return "<secret>";
  }
}
