using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.Signer.Authority;

namespace Fota.Signer.Log;

/// <summary>
/// What the log says of an operator's list: every device that it let in, "NAME PRODUCT KEYID" with "; " between them, in facts devices_1 and so on, and in as many
/// entries as that takes: an entry holds 16 KiB (L-11).
/// </summary>
internal static class AllowanceEntry
{
    private const string Devices = "devices_";
    private const string Between = "; ";

    // With the rest of the entry below its 16 KiB.
    private const int FactsInOne = 6;

    /// <summary>The entries of the devices that a list lets in; none if it lets in none.</summary>
    public static IEnumerable<LogEvent> Of(EnrolmentList list, IReadOnlyList<ListedDevice> added)
    {
        string[][] entries = [.. Packed(added).Chunk(FactsInOne)];
        return entries.Select((facts, i) => new LogEvent(
            LogKinds.DevicesAllowed,
            list.Operator,
            $"enrolment list {list.Digest}",
            [
                ("list_sha256", list.Digest),
                ("operator", list.Operator),
                ("operator_serial", list.OperatorSerial),
                ("part", $"{i + 1} of {entries.Length}"),
                .. facts.Select(static (fact, n) => ($"{Devices}{n + 1}", (object?)fact)),
            ]));
    }

    /// <summary>The devices that an entry names.</summary>
    public static IEnumerable<ListedDevice> DevicesOf(LogEntry entry) =>
        entry.Facts.Where(static fact => fact.Key.StartsWith(Devices, StringComparison.Ordinal)).OrderBy(static fact => fact.Key, StringComparer.Ordinal)
            .SelectMany(fact => fact.Value.Split(Between).Select(text => text.Split(' ') is [string device, string product, string key] && Sha256Digest.TryParse(key, out _)
                ? new ListedDevice(device, product, key)
                : throw entry.Wrong(fact.Key)));

    private static IEnumerable<string> Packed(IReadOnlyList<ListedDevice> devices)
    {
        string fact = "";
        foreach (string device in devices.Select(static device => $"{device.Device} {device.Product} {device.KeyId}"))
        {
            if (fact.Length > 0 && fact.Length + Between.Length + device.Length > LogEntry.FactLength)
            {
                yield return fact;
                fact = "";
            }

            fact = fact.Length == 0 ? device : fact + Between + device;
        }

        if (fact.Length > 0)
        {
            yield return fact;
        }
    }
}
