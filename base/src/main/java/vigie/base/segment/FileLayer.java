package vigie.base.segment;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/**
 * The few things that durable files need of a file system, so that a test can take the disk's place
 * and forget what was not synced. Safe for all threads.
 *
 * <p>What was written, created, deleted or renamed is certain to survive a power cut only after
 * {@link DataFile#sync} (content) and {@link #syncFolder} (names). A killed process loses nothing.
 */
public interface FileLayer {
  /** The machine's own file systems. */
  static FileLayer disk() {
    return DiskFiles.INSTANCE;
  }

  /** The cause in words, where the exception itself only names the file or says nothing. */
  static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "no such file";
    }
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof FileSystemException failure && failure.getReason() != null) {
      return failure.getReason();
    }
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /** Makes the folder and those above it, durably; nothing happens where it is there. */
  void createFolders(Path folder) throws IOException;

  /** The names of the files in the folder, in no order; folders in it are left out. */
  List<String> list(Path folder) throws IOException;

  /** Opens for reading and writing, made if absent, emptied if not. */
  DataFile create(Path file) throws IOException;

  /** Opens for reading and writing; the file must be there. */
  DataFile open(Path file) throws IOException;

  /** Opens for reading only; the file must be there. */
  DataFile openToRead(Path file) throws IOException;

  /** Renames within a folder, replacing what has the new name at one stroke. */
  void rename(Path from, Path to) throws IOException;

  void delete(Path file) throws IOException;

  /** Makes creations, deletions and renames in the folder certain. */
  void syncFolder(Path folder) throws IOException;

  /**
   * Takes the folder for this process until closed or until the process ends, by a lock on the file
   * {@code lock} in it.
   *
   * @throws FolderHeldException if another process, or this one, has it
   */
  Closeable lock(Path folder) throws IOException;
}
