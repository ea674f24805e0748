package vigie.base.config;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A value that is never shown: {@link #toString} gives {@code <secret>}. One that stands in a file
 * is read anew at each {@link #reveal}, so that it can be rotated without a restart. Safe for all
 * threads.
 */
public final class Secret {
  private static final int MOST_BYTES = 64 * 1024;
  private final @Nullable String value;
  private final @Nullable Path file;

  private Secret(@Nullable String value, @Nullable Path file) {
    this.value = value;
    this.file = file;
  }

  public static Secret of(String value) {
    return new Secret(value, null);
  }

  /** The content of {@code file} without white space around it; the file need not exist yet. */
  public static Secret inFile(Path file) {
    return new Secret(null, file);
  }

  /**
   * The value itself; never log it.
   *
   * @throws UncheckedIOException if its file cannot be read; names the file, never the content
   */
  public String reveal() {
    if (value != null) {
      return value;
    }
    if (file == null) {
      throw new IllegalStateException("BUG: a secret with neither value nor file");
    }
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new IOException("larger than " + MOST_BYTES + " bytes");
      }
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the secret in " + file + ": " + reason(e), e);
    }
  }

  /** Whether {@link #reveal} reads a file. */
  public boolean isInFile() {
    return file != null;
  }

  private static String reason(IOException e) {
    return e instanceof java.nio.file.NoSuchFileException
        ? "no such file"
        : String.valueOf(e.getMessage());
  }

  /** Same text, or the same file whatever is in it: for comparing configurations. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Secret secret
        && Objects.equals(value, secret.value)
        && Objects.equals(file, secret.file);
  }

  @Override
  public int hashCode() {
    return Objects.hash(value, file);
  }

  @Override
  public String toString() {
    return "<secret>";
  }
}
