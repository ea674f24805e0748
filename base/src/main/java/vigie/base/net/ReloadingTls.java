package vigie.base.net;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.ConfigException;

/**
 * A server's TLS whose files are read again after they changed: what is right counts for the next
 * connection, what is wrong leaves the old in force and is told once. Safe for all threads.
 */
public final class ReloadingTls {
  private static final Logger log = LoggerFactory.getLogger(ReloadingTls.class);

  private final ServerTls settings;
  private volatile ServerTls.Context context;
  private volatile boolean good = true;
  private List<FileStamp> stamps; // guarded by this
  private String lastFault = ""; // guarded by this

  /**
   * Reads the files.
   *
   * @throws ConfigException if they are wrong
   */
  public ReloadingTls(ServerTls settings) {
    this.settings = settings;
    this.stamps = stamps();
    this.context = settings.load();
  }

  private List<FileStamp> stamps() {
    return settings.files().stream().map(FileStamp::of).toList();
  }

  /** For a connection that begins now; touches no disk. */
  public ServerTls.Context context() {
    return context;
  }

  /** When the certificate in force ends, in seconds since 1970. */
  public double expiry() {
    return context.notAfter().getEpochSecond();
  }

  /** Whether the files were right when they were read last. */
  public boolean isGood() {
    return good;
  }

  /** Looks whether the files changed, and reads them if so; to be called every few seconds. */
  public synchronized void look() {
    // Taken before the content is read: what changes meanwhile will differ and be read again.
    List<FileStamp> now = stamps();
    if (now.equals(stamps)) {
      return;
    }
    stamps = now;
    try {
      context = settings.load();
      good = true;
      lastFault = "";
      log.info("certificates reread files={} end={}", settings.files(), context.notAfter());
    } catch (ConfigException e) {
      good = false;
      if (!lastFault.equals(e.getMessage())) {
        lastFault = String.valueOf(e.getMessage());
        log.error("certificates are wrong, the old ones stay in force fault=\"{}\"", lastFault);
      }
    }
  }
}
