using Fota.EndToEnd.Tests.Roles;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Chain;

/// <summary>A release by two people's processes, and what an auditor on another machine makes of its evidence and of the log: each command is a program.</summary>
public sealed class EvidenceChainTests
{
    [Test]
    [Proves("E-1", "L-6")]
    public async Task P8_Evidence_verifies_in_an_empty_directory_with_only_a_root_and_not_with_a_byte_changed()
    {
        using SignerSite site = await SignerSite.CreateAsync();
        await site.ReleaseAsync("1.0.0");
        await site.RunAsync("release", "evidence", "--home", site.Home, "--product", SignerSite.Product, "--version", "1.0.0", "--out", site.Path("evidence"));
        string[] shown = (await site.RunAsync("log", "show", "--home", site.Home)).Split('\n');
        string vkey = shown.Single(static line => line.StartsWith("vkey: ", StringComparison.Ordinal))[6..];
        ProgramRun log = await ProgramRun.OfAsync("Fota.Cli", "audit", "verify", Path.Combine(site.Home, "log"), "--vkey", vkey);
        Assert.That((log.ExitCode, log.Output.StartsWith("verified: log signer.pumps.example/log, ", StringComparison.Ordinal)), Is.EqualTo((0, true)), log.Error);

        string empty = Directory.CreateDirectory(site.Path("auditor")).FullName, bundle = Path.Combine(empty, "evidence.tar"), root = Path.Combine(empty, "root.json");
        File.Copy(site.Path("evidence"), bundle);
        File.Copy(Path.Combine(site.Repository, "metadata/1.root.json"), root);
        Directory.Delete(site.Home, recursive: true);
        ProgramRun verified = await ProgramRun.OfAsync("Fota.Cli", "audit", "verify-evidence", bundle, "--root", root);
        Assert.That(verified.ExitCode, Is.Zero, verified.Error);
        Assert.That(verified.Output, Does.StartWith("release: infusion-pump 1.0.0, sequence 1, security version 1\nmanifest: ").And.EndsWith("\nverified\n"));
        Assert.That(verified.Output, Does.Match("release.requested by release: infusion-pump 1.0.0\n(.*\n)*.*release.approved by approver: infusion-pump 1.0.0\n(.*\n)*.*release.published by release"));

        byte[] changed = await File.ReadAllBytesAsync(bundle);
        changed[changed.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(bundle, changed);
        ProgramRun refused = await ProgramRun.OfAsync("Fota.Cli", "audit", "verify-evidence", bundle, "--root", root);
        Assert.That((refused.ExitCode, refused.Output, refused.ErrorLines.Length), Is.EqualTo((1, "", 1)), refused.Error);
    }
}
