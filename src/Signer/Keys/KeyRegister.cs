using System.Text;
using Fota.Interop.Posix;
using Fota.Manifest.Keys;
using Fota.Signer.Home;

namespace Fota.Signer.Keys;

/// <summary>The keys that a home knows: each under one name, each token under one serial number.</summary>
internal static class KeyRegister
{
    /// <summary>Refuses a name that the home has given already.</summary>
    public static void DemandFree(SignerSettings settings, string label)
    {
        if (settings.Keys.Any(key => string.Equals(key.Label, label, StringComparison.Ordinal)))
        {
            throw new SignerRefusalException($"this home has a key '{label}' already");
        }
    }

    /// <summary>Refuses a token that is known by another serial number.</summary>
    public static void DemandKnown(SignerSettings settings, string token, string serial)
    {
        if (settings.Keys.FirstOrDefault(key => string.Equals(key.Token, token, StringComparison.Ordinal)) is { } known && !string.Equals(known.Serial, serial, StringComparison.Ordinal))
        {
            throw new SignerRefusalException($"token '{token}': wanted serial number {known.Serial}, got {serial}");
        }
    }

    /// <summary>Refuses a key that is known by another name.</summary>
    public static void DemandNew(SignerSettings settings, string label, VerificationKey key)
    {
        if (settings.Keys.FirstOrDefault(known => string.Equals(known.KeyId, key.Id.ToString(), StringComparison.Ordinal)) is { } twin)
        {
            throw new SignerRefusalException($"key '{label}' is key '{twin.Label}' under another name");
        }
    }

    /// <summary>Writes a key into the home; the settings last, as with them it is known.</summary>
    public static void Add(SignerHome home, KeySettings key, VerificationKey publicKey)
    {
        DurableFile.Replace(home.Folder.PublicKeyFile(key.Label), Encoding.ASCII.GetBytes(publicKey.ToPem()));
        DurableFile.Replace(home.Folder.Settings, (home.Settings with { Keys = [.. home.Settings.Keys, key] }).ToJson());
    }
}
