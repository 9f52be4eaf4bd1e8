using System.Text.Json;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.TestKit;
using Fota.UpdateServer.Audit;
using Fota.UpdateServer.Devices;
using Fota.UpdateServer.Tests.Storage;

namespace Fota.UpdateServer.Tests.Audit;

/// <summary>Whatever an operator may say of a device, there is an entry of it: else it could not be said at all.</summary>
[Proves("J-1")]
public sealed class TagFactTests
{
    [TestCase("漢")]
    [TestCase("😀")]
    [TestCase("\"")]
    [TestCase("\\")]
    [TestCase("a")]
    public void A_device_may_have_the_most_and_longest_tags_put_on_and_taken_off_at_once(string letter)
    {
        DeviceTraits before = Traits(letter, 0), after = Traits(letter, 100);
        LogEntry entry = LogEntry.Decode(Entry(before, after)).OrThrow();
        foreach (string list in (string[])["tags_added", "tags_removed"])
        {
            string[] said = Said(entry, list);
            Assert.That(said, Is.Not.Empty.And.SubsetOf(list == "tags_added" ? after.Tags : before.Tags));
            Assert.That(entry.Facts[$"{list}_more"], Is.EqualTo($"{64 - said.Length}"));
        }

        Assert.That(entry.Facts["tags_added_sha256"], Is.EqualTo(Sha256Digest.Of(JsonSerializer.SerializeToUtf8Bytes(after.Tags.Order(StringComparer.Ordinal), LogText.Json)).ToString()));
    }

    [Test]
    public void What_was_put_on_and_taken_off_is_said_and_what_stays_is_not()
    {
        DeviceTraits before = new(DeviceId.Parse("pump-1")) { Tags = ["canary", "lent"] };
        LogEntry entry = LogEntry.Decode(Entry(before, before with { Tags = ["canary", "ward 7"] })).OrThrow();
        Assert.That((entry.Facts["tags_added_1"], entry.Facts["tags_removed_1"], entry.Facts.Count), Is.EqualTo(("[\"ward 7\"]", "[\"lent\"]", 2)));
    }

    [Test]
    public void A_list_that_fits_is_whole()
    {
        string[] tags = [.. Enumerable.Range(0, 64).Select(static i => $"{i:D2}-{new string('a', 40)}")];
        LogEntry entry = LogEntry.Decode(Entry(null, new DeviceTraits(DeviceId.Parse("pump-1")) { Tags = [.. tags] })).OrThrow();
        Assert.That(Said(entry, "tags_added"), Is.EqualTo(tags));
        Assert.That(entry.Facts.Keys, Has.None.EndsWith("_more"));
    }

    private static DeviceTraits Traits(string letter, int first) => new(DeviceId.Parse("pump-1"))
    {
        Site = Long(letter, 0),
        Hardware = Long(letter, 1),
        Tags = [.. Enumerable.Range(first, 64).Select(i => Long(letter, i))],
    };

    /// <summary>64 characters that begin with a number.</summary>
    private static string Long(string letter, int i) => $"{i:D4}{string.Concat(Enumerable.Repeat(letter, 60 / letter.Length))}";

    private static byte[] Entry(DeviceTraits? before, DeviceTraits after) =>
        AuditEvent.Encode(0, FleetEntries.Of(SampleFleet.Change() with { Description = new DeviceDescription(SampleFleet.Noon, new string('x', 64), before, after) }))[0];

    private static string[] Said(LogEntry entry, string list) =>
        [.. entry.Facts.Where(f => f.Key.StartsWith(list, StringComparison.Ordinal) && int.TryParse(f.Key[(list.Length + 1)..], out _)).OrderBy(static f => f.Key, StringComparer.Ordinal).SelectMany(static f => JsonSerializer.Deserialize<string[]>(f.Value)!)];
}
