using Fota.Interop.Posix;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;
using Fota.Signer.Home;
using Fota.Signer.Keys.Policies;
using Fota.Signer.Repository;

namespace Fota.Signer.Approval;

/// <summary>
/// An approver's own home, on the approver's own machine: a journal, the first root as it was handed over, and what was seen of the repository since. Nothing that
/// a service sends later counts unless it follows from that root.
/// </summary>
internal static class ApproverHome
{
    private const long First = 1;

    /// <summary>Brings the settings of one up to date, after a change of roles; what it trusts and has seen stays.</summary>
    /// <param name="folder">The home.</param>
    /// <param name="settings">signer.json as it is now.</param>
    /// <param name="module">The PKCS#11 module of this machine; null for the one that the home names.</param>
    /// <param name="keyPolicy">key-policy.yaml as it is now; null to keep the one that is there.</param>
    public static void Update(HomeFolder folder, SignerSettings settings, string? module, byte[]? keyPolicy)
    {
        SignerSettings current = folder.ReadSettings();
        WritePolicy(folder, settings, keyPolicy);
        DurableFile.Replace(folder.Settings, (settings with { Module = module ?? current.Module }).ToJson());
    }

    /// <summary>Makes one.</summary>
    /// <param name="folder">Where; it must not hold a home yet.</param>
    /// <param name="settings">signer.json, as the ceremony's transcript has it.</param>
    /// <param name="root">The first root.</param>
    /// <param name="keyPolicy">key-policy.yaml: what each key may sign; null for what its roles sign.</param>
    /// <param name="now">The moment.</param>
    public static void Make(HomeFolder folder, SignerSettings settings, byte[] root, byte[]? keyPolicy, DateTimeOffset now)
    {
        if (File.Exists(folder.Settings))
        {
            throw new SignerRefusalException($"{folder.Root}: wanted no signer's home, got one");
        }

        TrustedMetadataSet trust = TrustedMetadataSet.Start(root, now, MetadataProfile.Fota).OrThrow();
        if (trust.Root.Version != First)
        {
            throw new SignerRefusalException($"root: wanted the first one (version {First}), got version {trust.Root.Version}");
        }

        RepositoryFolder repository = new(folder.Repository);
        repository.Write(RepositoryFolder.Metadata(RolesSettings.RootName, First), root);
        repository.WriteState(new RepositoryState(First, 0, new Dictionary<string, long>(StringComparer.Ordinal)));

        WritePolicy(folder, settings, keyPolicy);

        // Last: with it the folder is a home.
        DurableFile.Replace(folder.Settings, settings.ToJson());
    }

    private static void WritePolicy(HomeFolder folder, SignerSettings settings, byte[]? keyPolicy)
    {
        if (keyPolicy is not null)
        {
            KeyPolicyFile.Parse(keyPolicy).DemandLabelsOf(settings.Keys.Select(static key => key.Label));
            DurableFile.Replace(folder.KeyPolicy, keyPolicy);
        }
    }
}
