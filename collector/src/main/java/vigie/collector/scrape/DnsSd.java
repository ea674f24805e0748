package vigie.collector.scrape;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import vigie.base.config.Section;
import vigie.base.dns.DnsNames;
import vigie.base.dns.DnsRecord;
import vigie.base.time.Scheduler;
import vigie.collector.label.Labels;

/**
 * Targets that DNS records name, looked up at an interval. A name that no server knows of gives
 * none; one that cannot be looked up keeps those it had.
 *
 * @param type of the records: A, AAAA, SRV, MX or NS
 * @param port of all targets but those of SRV records
 */
record DnsSd(List<String> names, String type, int port, Duration refresh)
    implements Discovery.Config {
  private static final Logger log = LoggerFactory.getLogger(DnsSd.class);
  private static final List<String> TYPES = List.of("A", "AAAA", "SRV", "MX", "NS");

  DnsSd {
    names = List.copyOf(names);
  }

  static DnsSd read(Section section) {
    String type = section.string("type", "SRV").toUpperCase(Locale.ROOT);
    if (!TYPES.contains(type)) {
      section.fault("type", "type \"" + type + "\" is none of " + String.join(", ", TYPES));
    }
    List<String> names = section.strings("names");
    if (names.isEmpty()) {
      section.fault("names is missing; write names: [_metrics._tcp.example.org]");
    }
    int port = (int) section.integer("port", 0, 0, 65535);
    if (port == 0 && !type.equals("SRV")) {
      section.fault("port is missing; only SRV records have one themselves");
    }
    DnsSd config =
        new DnsSd(
            names,
            type,
            port,
            section.duration(
                "refresh_interval",
                Duration.ofSeconds(30),
                Duration.ofMillis(1),
                Duration.ofDays(365)));
    section.end();
    return config;
  }

  @Override
  public Discovery open(Discovery.Tools tools) {
    return new Open(this, tools);
  }

  /** The target of a record; null for one of another type, such as the CNAME before an A. */
  private @Nullable TargetGroup target(String name, DnsRecord record) {
    if (!DnsNames.type(record.type()).equals(type)) {
      return null;
    }
    String[] words = record.data().split(" ", -1);
    String host = words[words.length - 1];
    Labels.Builder labels = new Labels.Builder().set("__meta_dns_name", name);
    int at = port;
    switch (type) {
      case "SRV" -> {
        at = Integer.parseInt(words[2]);
        labels.set("__meta_dns_srv_record_target", host);
        labels.set("__meta_dns_srv_record_port", words[2]);
      }
      case "MX" -> labels.set("__meta_dns_mx_record_target", host);
      case "NS" -> labels.set("__meta_dns_ns_record_target", host);
      default -> {
        // an address
      }
    }
    while (host.endsWith(".")) {
      host = host.substring(0, host.length() - 1);
    }
    String address = (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + at;
    return new TargetGroup(List.of(address), labels.build());
  }

  private static final class Open implements Discovery {
    private final DnsSd config;
    private final Tools tools;
    private final Scheduler.Task task;
    private final AtomicBoolean busy = new AtomicBoolean();

    /** By name; whoever is busy is alone. */
    private final Map<String, List<TargetGroup>> found = new LinkedHashMap<>();

    private String lastFault = "";
    private volatile List<TargetGroup> last = List.of();

    Open(DnsSd config, Tools tools) {
      this.config = config;
      this.tools = tools;
      this.task =
          tools
              .scheduler()
              .every(
                  Duration.ZERO,
                  config.refresh,
                  () -> {
                    if (busy.compareAndSet(false, true)) {
                      tools.blocking().execute(this::look);
                    }
                  });
    }

    private void look() {
      try {
        String fault = "";
        for (String name : config.names) {
          try {
            List<TargetGroup> groups = new ArrayList<>();
            Integer type = DnsNames.typeOf(config.type);
            for (DnsRecord record : tools.dns().lookup(name, type == null ? 0 : type)) {
              TargetGroup target = config.target(name, record);
              if (target != null) {
                groups.add(target);
              }
            }
            found.put(name, groups);
          } catch (IOException | IllegalArgumentException e) {
            fault = String.valueOf(e.getMessage());
          }
        }
        List<TargetGroup> all = found.values().stream().flatMap(List::stream).toList();
        if (!all.equals(last)) {
          last = all;
        }
        if (!fault.isEmpty() && lastFault.isEmpty()) {
          log.warn("dns_sd cannot look up names kept={} cause=\"{}\"", last.size(), fault);
        } else if (fault.isEmpty() && !lastFault.isEmpty()) {
          log.info("dns_sd can look up names again names={}", config.names);
        }
        lastFault = fault;
      } finally {
        busy.set(false);
      }
    }

    @Override
    public List<TargetGroup> groups() {
      return last;
    }

    @Override
    public void close() {
      task.cancel();
    }
  }
}
