package vigie.agent.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/** Why a log file cannot be read, in words that say what to do. */
final class FileTrouble {
  static final String MISSING = "no such file; it is read from its start once it is there";
  private static final String USER = System.getProperty("user.name", "unknown");

  private FileTrouble() {}

  /** {@code ""} where it can be read. */
  static String of(Path path) {
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      return attributes.isRegularFile()
          ? Files.isReadable(path) ? "" : denied(path)
          : kind(attributes, path);
    } catch (IOException e) {
      return Files.notExists(path) ? MISSING : denied(path);
    }
  }

  /** Of what is no regular file. */
  static String kind(BasicFileAttributes attributes, Path path) {
    return attributes.isDirectory()
        ? "it is a directory; name a file, or a glob such as " + path + "/*.log"
        : "it is a pipe, a socket or a device; only regular files can be followed";
  }

  static String denied(Path path) {
    String hint;
    try {
      hint =
          "let it: usermod -aG "
              + Files.getAttribute(path, "posix:group")
              + " "
              + USER
              + ", or chmod o+r "
              + path;
    } catch (IOException | RuntimeException e) {
      hint = "its folders must be open to that user (chmod o+x), the file readable (chmod o+r)";
    }
    return "user " + USER + " may not read it; " + hint;
  }
}
