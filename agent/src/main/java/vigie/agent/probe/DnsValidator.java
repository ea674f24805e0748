package vigie.agent.probe;

import com.google.re2j.Pattern;
import java.util.ArrayList;
import java.util.List;
import vigie.base.config.Section;
import vigie.base.config.Value;
import vigie.base.dns.DnsRecord;

/**
 * What one section of an answer must and must not hold, with the keys of blackbox_exporter. The
 * expressions are looked for anywhere in a record's text.
 *
 * @param ifMatches down when any record matches any of these
 * @param ifAllMatch down unless every record matches all of these, as blackbox_exporter takes it,
 *     whatever the key's name says
 * @param ifNotMatches down when any record does not match any of these, or there is no record
 * @param ifNoneMatches down when no record matches any of these, or there is no record
 */
record DnsValidator(
    List<Pattern> ifMatches,
    List<Pattern> ifAllMatch,
    List<Pattern> ifNotMatches,
    List<Pattern> ifNoneMatches) {
  static DnsValidator read(Section dns, String key) {
    Section section = dns.section(key);
    DnsValidator validator =
        new DnsValidator(
            patterns(section, "fail_if_matches_regexp"),
            patterns(section, "fail_if_all_match_regexp"),
            patterns(section, "fail_if_not_matches_regexp"),
            patterns(section, "fail_if_none_matches_regexp"));
    section.end();
    return validator;
  }

  private static List<Pattern> patterns(Section section, String key) {
    List<Pattern> all = new ArrayList<>();
    for (Value each : section.list(key)) {
      Pattern pattern = Patterns.read(each, key);
      if (pattern != null) {
        all.add(pattern);
      }
    }
    return List.copyOf(all);
  }

  /** Why the records will not do; empty if they will. */
  String fault(List<DnsRecord> records) {
    if (records.isEmpty() && !(ifNotMatches.isEmpty() && ifNoneMatches.isEmpty())) {
      return "there is no record";
    }
    boolean anyMatch = false;
    boolean allMatch = true;
    for (DnsRecord record : records) {
      String text = record.toString();
      for (Pattern each : ifMatches) {
        if (each.matcher(text).find()) {
          return PeerWords.quoted(text) + " matches " + PeerWords.quoted(each.pattern());
        }
      }
      for (Pattern each : ifAllMatch) {
        allMatch &= each.matcher(text).find();
      }
      for (Pattern each : ifNotMatches) {
        if (!each.matcher(text).find()) {
          return PeerWords.quoted(text) + " does not match " + PeerWords.quoted(each.pattern());
        }
      }
      for (Pattern each : ifNoneMatches) {
        anyMatch |= each.matcher(text).find();
      }
    }
    if (!ifAllMatch.isEmpty() && !allMatch) {
      return "not every record matches " + PeerWords.quoted(ifAllMatch.get(0).pattern());
    }
    if (!ifNoneMatches.isEmpty() && !anyMatch) {
      return "no record matches "
          + PeerWords.quoted(ifNoneMatches.get(0).pattern())
          + "; the first is "
          + PeerWords.quoted(records.get(0).toString());
    }
    return "";
  }
}
