package vigie.agent.source;

import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.agent.event.Place;
import vigie.agent.reader.Roots;

/**
 * All that is read on this node besides numbers: starts, replaces and stops the sources. Safe for
 * all threads.
 */
public final class Sources implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Sources.class);

  private final SourceTools tools;
  private final HoldingSink events;
  private final Boot boot;

  // Guarded by this.
  private SourcesConfig config;
  private Patterns patterns;
  private @Nullable Source logs; // the journal, or the kernel's log where there is none
  private @Nullable FileSource files;
  private @Nullable SyslogSource syslog;
  private final Map<String, String> filesRead = new ConcurrentHashMap<>(); // by earlier ones
  private boolean closed;

  public Sources(SourcesConfig config, SourceTools given) {
    this.events = new HoldingSink(given.events());
    this.tools = given.with(events);
    this.config = config;
    this.boot = new Boot(tools, Journal.of(given.roots()));
    this.patterns = patterns(config);
  }

  private Patterns patterns(SourcesConfig of) {
    return new Patterns(
        of.patterns(),
        of.eventsPerSecond(),
        events,
        tools.clock(),
        tools.scheduler(),
        tools.writing(),
        tools.meters());
  }

  /** Begins to read. Once. */
  public synchronized void start() {
    if (config.boot()) {
      boot.tell();
    }
    String cursor = tools.places().cursor(JournalSource.NAME);
    startAll(cursor == null ? null : new Place(JournalSource.NAME, cursor));
  }

  private void startAll(@Nullable Place from) {
    logs = logs(from);
    if (logs != null) {
      logs.start();
    }
    files = config.files().entries().isEmpty() ? null : files();
    if (files != null) {
      files.start();
    }
    InetSocketAddress listen = config.syslog().listen();
    syslog =
        listen == null ? null : new SyslogSource(listen, tools, ZoneId.systemDefault(), patterns);
    if (syslog != null) {
      syslog.start();
    }
  }

  private FileSource files() {
    return new FileSource(
        config.files(),
        patterns,
        source -> {
          String read = filesRead.get(source);
          return read == null ? tools.places().cursor(source) : read;
        },
        tools.clock(),
        ZoneId.systemDefault(),
        tools.scheduler(),
        tools.threads(),
        tools.meters());
  }

  private @Nullable Source logs(@Nullable Place from) {
    if (config.journal().wanted() == JournalConfig.Wanted.OFF) {
      return null;
    }
    Journal journal = Journal.of(tools.roots());
    String fault = journal.fault();
    if (fault.isEmpty()) {
      return new JournalSource(
          config.journal(), journal, tools, patterns, from, boot.id(), boot.ended());
    }
    Path kernel = KernelLogSource.device(tools.roots());
    boolean readable = Files.isReadable(kernel);
    if (config.journal().wanted() == JournalConfig.Wanted.ON) {
      log.warn("the journal is not read cause=\"{}\"", fault);
    } else {
      log.info("the journal is not read cause=\"{}\"", fault);
    }
    if (readable) {
      log.info("the kernel's log is read instead path={}", kernel);
      return new KernelLogSource(kernel, tools, patterns);
    }
    return null;
  }

  /**
   * Takes another configuration over. What was read is not read again; what is logged meanwhile is
   * not lost where the source keeps it.
   */
  public synchronized void reload(SourcesConfig fresh) {
    if (closed || fresh.equals(config)) {
      return;
    }
    stopAll();
    Place from = logs == null ? null : logs.place();
    config = fresh;
    patterns = patterns(fresh);
    startAll(from);
  }

  private void stopAll() {
    if (logs != null) {
      logs.close();
    }
    if (files != null) {
      files.close();
      filesRead.putAll(files.ends());
    }
    if (syslog != null) {
      syslog.close();
    }
    patterns.close();
  }

  /** What of this configuration cannot be read on this machine, and what to do. */
  public static List<SourceFault> check(SourcesConfig config, Roots roots) {
    List<SourceFault> faults = new ArrayList<>();
    JournalConfig.Wanted wanted = config.journal().wanted();
    boolean asked = wanted == JournalConfig.Wanted.ON;
    Journal journal = Journal.of(roots);
    // Nobody who asked for nothing needs to hear that there is none: the kernel's log is read then.
    if (asked || wanted == JournalConfig.Wanted.AUTO && journal.isKept()) {
      String fault = journal.fault();
      if (!fault.isEmpty()) {
        faults.add(new SourceFault("sources.journal: " + fault, asked));
      }
    }
    faults.addAll(FileSource.check(config.files()));
    faults.addAll(unfed(config));
    return faults;
  }

  /** Patterns of one's own that no source has lines for. */
  private static List<SourceFault> unfed(SourcesConfig config) {
    List<SourceFault> faults = new ArrayList<>();
    if (config.journal().wanted() != JournalConfig.Wanted.OFF || config.syslog().listen() != null) {
      return faults;
    }
    Set<PatternConfig> fed = new HashSet<>();
    for (FilesConfig.Entry entry : config.files().entries()) {
      fed.addAll(config.patterns().of(entry.patterns()));
    }
    for (PatternConfig pattern : config.patterns().own()) {
      if (!fed.contains(pattern)) {
        faults.add(
            new SourceFault(
                "pattern \""
                    + pattern.name()
                    + "\" can never match: the journal and syslog are off, and no file of"
                    + " sources.files names it in its patterns",
                true));
      }
    }
    return faults;
  }

  /** What the agent's start tells of the boot; null where that is known already. */
  public @Nullable Place bootPlace() {
    return config().boot() ? boot.place() : null;
  }

  private synchronized SourcesConfig config() {
    return config;
  }

  /**
   * How far each source was read once this is closed, for the agent's last event: the next run goes
   * on there, though what was read since the last event made none. It would else count those lines
   * again, and not look at a file from which no event ever came.
   */
  public synchronized List<Place> places() {
    List<Place> places = new ArrayList<>();
    Place journal = logs == null || logs.isReading() ? null : logs.place();
    if (journal != null) {
      places.add(journal);
    }
    if (files != null) {
      files.ends().forEach((source, cursor) -> places.add(new Place(source, cursor)));
    }
    // Where there is not room for all, those of the first are forgotten.
    places.sort(Comparator.comparing(place -> tools.places().cursor(place.source()) != null));
    return places;
  }

  /** Tells that the node goes down, if it does. Takes four seconds at most. */
  public void tellShutdown() {
    if (config().boot()) {
      boot.tellShutdown();
    }
  }

  /** Stops reading; what is held back is told. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      events.close();
      stopAll();
    }
  }
}
