using Fota.TestKit;

namespace Fota.Manifest.Tests.Envelope;

/// <summary>Versions as draft-ietf-suit-update-management compares them.</summary>
[Proves("M-33", "M-44")]
public sealed class VersionRangeTests
{
    [TestCase(">=1.0.0 <2.0.0", "1.0.0", true)]
    [TestCase(">=1.0.0 <2.0.0", "1.99.7", true)]
    [TestCase(">=1.0.0 <2.0.0", "2.0.0", false)]
    [TestCase(">=1.0.0 <2.0.0", "0.9.9", false)]
    [TestCase("=1", "1.7.3", true)]
    [TestCase("=1", "2.0.0", false)]
    [TestCase("=1.2", "1.2.9", true)]
    [TestCase(">1.2.3", "1.2.3", false)]
    [TestCase(">1.2.3", "1.2.4", true)]
    [TestCase("<=1.2.3", "1.2.3", true)]
    [TestCase("<=1.2.3", "1.2.4", false)]
    [TestCase("<1.10", "1.9.0", true)]
    [TestCase(">=1.0 <1.10", "1.10.0", false)]
    [TestCase(">=1.2.3", "1.2.3-rc.1", true, Description = "a comparison of three numbers does not look at pre-releases")]
    [TestCase(">=1.2.3", "1.2.3-dev.1", true)]
    [TestCase(">=1.2.3", "18446744073709551615.0.0", false, Description = "no number of SUIT")]
    public void A_version_lies_in_the_range_or_does_not(string range, string version, bool included) =>
        Assert.That(VersionRange.Parse(range).Includes(ReleaseVersion.Parse(version)), Is.EqualTo(included));

    [TestCase(VersionRelation.Greater, new long[] { 1, 0, 0, -1, 1 }, "1.0.0", true, Description = "a release lies above its candidates")]
    [TestCase(VersionRelation.Greater, new long[] { 1, 0, 0, -1, 1 }, "1.0.0-rc.2", true)]
    [TestCase(VersionRelation.Greater, new long[] { 1, 0, 0, -1, 1 }, "1.0.0-rc.1", false)]
    [TestCase(VersionRelation.Greater, new long[] { 1, 0, 0, -2 }, "1.0.0-rc.1", true)]
    [TestCase(VersionRelation.Lesser, new long[] { 1, 0, 0, -2 }, "1.0.0-alpha", true)]
    [TestCase(VersionRelation.Equal, new long[] { 1, 0, 0, -2 }, "1.0.0-beta.4", true)]
    [TestCase(VersionRelation.Lesser, new long[] { 1, 0, 0, -2 }, "1.0.0-dev", false, Description = "no number for it: refused, not guessed")]
    [TestCase(VersionRelation.Greater, new long[] { 1, 0, 0, -2 }, "1.0.0-dev", false)]
    [TestCase(VersionRelation.Greater, new long[] { 1, 0, 0, -2 }, "1.0.0-rc.x", false)]
    public void Pre_releases_have_the_drafts_order(VersionRelation relation, long[] numbers, string version, bool holds) =>
        Assert.That(new VersionRange([new VersionComparison(relation, numbers)]).Includes(ReleaseVersion.Parse(version)), Is.EqualTo(holds));

    [TestCase("")]
    [TestCase("1.0.0")]
    [TestCase("~1.0")]
    [TestCase(">=1.0.0.0")]
    [TestCase(">=1.x")]
    [TestCase(">= 1.0")]
    [TestCase(">=-1")]
    public void P10_A_text_that_is_no_range_is_refused(string text) => Assert.That(() => VersionRange.Parse(text), Throws.TypeOf<RejectedException>());

    [TestCase(">=1.0.0 <2.0.0")]
    [TestCase("=1")]
    public void A_range_is_written_as_it_is_read(string text) => Assert.That(VersionRange.Parse(text).ToString(), Is.EqualTo(text));

    [Test]
    public void Relation_and_numbers_have_their_range()
    {
        Assert.That(static () => new VersionComparison(VersionRelation.None, [1]), Throws.TypeOf<RejectedException>());
        Assert.That(static () => new VersionComparison(VersionRelation.Equal, []), Throws.TypeOf<RejectedException>());
        Assert.That(static () => new VersionComparison(VersionRelation.Equal, new long[9]), Throws.TypeOf<RejectedException>());
    }
}
