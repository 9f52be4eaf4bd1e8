using Fota.Manifest.Metadata;
using Fota.TestKit;

namespace Fota.Manifest.Tests.Metadata;

public sealed class TargetPathTests
{
    [TestCase("infusion-pump/1.0.0/manifest.suit")]
    [TestCase("infusion-pump/1.0.0-rc.1+build.7/manifest.suit")]
    [TestCase("a")]
    [TestCase("a/.hidden/...")]
    public void Safe_path_is_safe(string path) => Assert.That(TargetPath.IsSafe(path), Is.True);

    [TestCase("")]
    [TestCase("/a")]
    [TestCase("a/")]
    [TestCase("a//b")]
    [TestCase("./a")]
    [TestCase("a/./b")]
    [TestCase("..")]
    [TestCase("a/../b")]
    [TestCase("a\\b")]
    [TestCase("C:/a")]
    [TestCase("a\nb")]
    [TestCase("a\0")]
    [TestCase("\u00e9")]
    [TestCase("e\u0301")]
    [TestCase("a/%2e%2e/b")]
    [TestCase("a?b")]
    [TestCase("a#b")]
    [TestCase("a/*")]
    [TestCase("a b")]
    [Proves("R-5")]
    public void A15_Unsafe_path_is_unsafe(string path) => Assert.That(TargetPath.IsSafe(path), Is.False);

    [Test]
    [Proves("R-5")]
    public void A15_Path_may_have_256_characters_and_no_more()
    {
        Assert.That(TargetPath.IsSafe(new string('a', 256)), Is.True);
        Assert.That(TargetPath.IsSafe(new string('a', 257)), Is.False);
    }

    [TestCase("infusion-pump/*/manifest.suit", "infusion-pump/1.0.0/manifest.suit", true)]
    [TestCase("infusion-pump/*/manifest.suit", "infusion-pump/1/2/manifest.suit", false)]
    [TestCase("infusion-pump/*/manifest.suit", "ventilator/1.0.0/manifest.suit", false)]
    [TestCase("infusion-pump/*", "infusion-pump/1.0.0/manifest.suit", false)]
    [TestCase("*.tgz", "foo.tgz", true)]
    [TestCase("*.tgz", "targets/foo.tgz", false)]
    [TestCase("targets/*.tgz", "targets/foo.txt", false)]
    [TestCase("foo-version-?.tgz", "foo-version-a.tgz", true)]
    [TestCase("foo-version-?.tgz", "foo-version-alpha.tgz", false)]
    [TestCase("foo-version-?.tgz", "foo-version-.tgz", false)]
    [TestCase("foo.tgz", "foo.tgz", true)]
    [TestCase("foo.tgz", "Foo.tgz", false)]
    [TestCase("foo.tgz", "fooxtgz", false)]
    [TestCase("a*b*c", "aXbYbZc", true)]
    [TestCase("a*b*c", "aXbYbZ", false)]
    [TestCase("a**", "a", true)]
    [Proves("R-5")]
    public void Pattern_matches_within_segments(string pattern, string path, bool matches)
    {
        RoleKeys keys = new([SoftwareKey.EcdsaP256().PublicKey], 1);
        Assert.That(new DelegatedRole("pump", keys, [pattern], terminating: false).Covers(path), Is.EqualTo(matches));
    }

    [Test]
    [Proves("R-9")]
    public void Consistent_name_of_a_target_bears_its_digest_before_the_file_name()
    {
        Sha256Digest digest = Sha256Digest.Of([]);
        Assert.That(MetadataFileName.OfTarget("pump/1.0.0/manifest.suit", digest), Is.EqualTo($"pump/1.0.0/{digest}.manifest.suit"));
        Assert.That(MetadataFileName.OfTarget("manifest.suit", digest), Is.EqualTo($"{digest}.manifest.suit"));
    }
}
