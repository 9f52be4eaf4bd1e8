using Fota.DeviceAgent.Configuration;
using Fota.TestKit;

namespace Fota.DeviceAgent.Tests;

/// <summary>That a device has no hash-based anchors is said, not left out.</summary>
[Proves("M-16")]
public sealed class HashBasedSettingsTests
{
    private DirectoryInfo _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("fota-settings-");

    [TearDown]
    public void RemoveFolder() => _folder.Delete(recursive: true);

    [Test]
    public void The_word_none_is_a_choice() => Assert.That(() => Load("{\"hashBasedAnchors\":\"none\"}"), Throws.Nothing);

    [Test]
    public void Keys_and_a_threshold_are_read()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "vault.pem"), SoftwareKey.HashBased().PublicKey.ToPem());

        Assert.That(() => Load("{\"hashBasedAnchors\":{\"keys\":[\"vault.pem\"],\"threshold\":1}}"), Throws.Nothing);
    }

    [TestCase("{}")]
    [TestCase("{\"hashBasedAnchors\":\"\"}")]
    [TestCase("{\"hashBasedAnchors\":null}")]
    [TestCase("{\"hashBasedAnchors\":\"nothing\"}")]
    [TestCase("{\"hashBasedAnchors\":{\"keys\":[],\"threshold\":1}}")]
    [TestCase("{\"hashBasedAnchors\":{\"keys\":[\"classical.pem\"],\"threshold\":1}}")]
    [TestCase("{\"hashBasedAnchors\":{\"keys\":[\"classical.pem\"]}}")]
    [TestCase("{\"hashBasedAnchors\":{\"keys\":[\"absent.pem\"],\"threshold\":1}}")]
    public void P10_Missing_or_unusable_is_refused(string json)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "classical.pem"), SoftwareKey.EcdsaP256().PublicKey.ToPem());

        Assert.That(() => Load(json), Throws.TypeOf<SettingsException>());
    }

    private Manifest.Verification.HashBasedAnchors Load(string json)
    {
        string path = Path.Combine(_folder.FullName, "settings.json");
        File.WriteAllText(path, json);
        return SettingsFile.Load(path, HashBasedSettings.Read);
    }
}
