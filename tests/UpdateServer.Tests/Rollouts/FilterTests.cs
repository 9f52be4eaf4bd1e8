using System.Text;
using Fota.Manifest;
using Fota.TestKit;
using Fota.UpdateServer.Rollouts;

namespace Fota.UpdateServer.Tests.Rollouts;

/// <summary>Filters of a plan as people write them, and names of time zones.</summary>
public sealed class FilterTests
{
    private const string Plain = """{"product": "infusion-pump", "version": "2.0.0", "stages": [{"name": "all"}], "abort_after_failures": 1}""";

    [TestCase("\"filter\": {}, ")]
    [TestCase("\"filter\": {\"tags\": []}, ")]
    [TestCase("\"filter\": {\"sites\": [], \"hardware\": []}, ")]
    [Proves("O-3")]
    public void Digest_is_that_of_the_plan_without_a_filter_that_asks_for_nothing(string filter)
    {
        string with = Plain.Replace("\"stages\"", $"{filter}\"stages\"", StringComparison.Ordinal);
        Assert.That(Encoding.UTF8.GetString(PlanDocument.Canonical(Read(with))), Is.EqualTo(Encoding.UTF8.GetString(PlanDocument.Canonical(Read(Plain)))));
    }

    [Test]
    public void Filters_are_equal_when_they_ask_for_the_same()
    {
        DeviceFilter[] different =
        [
            new(), new() { Tags = ["a"] }, new() { Sites = ["a"] }, new() { Hardware = ["a"] }, new() { Sites = ["b"] }, new() { VersionFrom = ReleaseVersion.Parse("1.0.0") }, new() { VersionBelow = ReleaseVersion.Parse("1.0.0") },
            new() { FloorFrom = new SecurityVersion(1) }, new() { FloorBelow = new SecurityVersion(1) },
        ];
        Assert.That(different, Is.Unique);
        DeviceFilter[] same = [.. Enumerable.Range(0, 2).Select(static _ => new DeviceFilter { Tags = ["c"], Sites = ["a", "b"], VersionFrom = ReleaseVersion.Parse("1.0.0") })];
        Assert.That(same[1], Is.EqualTo(same[0]));
        Assert.That(same[1].GetHashCode(), Is.EqualTo(same[0].GetHashCode()));
    }

    [TestCase("""{"version_from": "2.0.0", "version_below": "1.0.0"}""", "filter.version_below: wanted above 2.0.0, which is version_from, got 1.0.0")]
    [TestCase("""{"version_from": "1.0.0", "version_below": "1.0.0"}""", "filter.version_below: wanted above 1.0.0")]
    [TestCase("""{"floor_from": 5, "floor_below": 5}""", "filter.floor_below: wanted above 5, which is floor_from, got 5")]
    [Proves("O-2")]
    public void P10_Filter_that_contradicts_itself_is_refused(string filter, string why)
    {
        foreach (string before in (string[])["\"stages\"", "\"name\""])
        {
            RejectedException refused = Assert.Throws<RejectedException>(() => Read(Plain.Replace(before, $"\"filter\": {filter}, {before}", StringComparison.Ordinal)));
            Assert.That(refused.Rejection.Reason, Is.EqualTo(RejectionReason.ValueOutOfRange));
            Assert.That(refused.Rejection.Detail, Does.Contain(why));
        }
    }

    [TestCase("localtime")]
    [TestCase("posixrules")]
    [TestCase("Factory")]
    [TestCase("right/Europe/Zurich")]
    [TestCase("posix/Europe/Zurich")]
    [Proves("O-27")]
    public void P10_Time_zone_that_is_no_place_of_the_IANA_database_is_refused(string name) =>
        Assert.That(() => TimeZones.Require(name, "test"), Throws.TypeOf<RejectedException>().With.Message.Contains("wanted a time zone of the IANA database"));

    [TestCase("UTC")]
    [TestCase("Etc/GMT-14")]
    [TestCase("America/Argentina/Buenos_Aires")]
    public void Time_zone_with_an_area_and_UTC_are_taken(string name) => Assert.That(TimeZones.Require(name, "test").Id, Is.EqualTo(name));

    private static RolloutPlan Read(string json) => PlanReader.Read(
        PlanDocument.Parse(Encoding.UTF8.GetBytes(json)),
        "r1",
        new byte[RolloutPlan.KeySize],
        static (product, version) => new PlannedRelease(version, $"{product}/{version}/manifest.suit", Sha256Digest.Of(Encoding.UTF8.GetBytes(version.ToString())), new SecurityVersion(1)));
}
