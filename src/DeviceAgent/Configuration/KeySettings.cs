namespace Fota.DeviceAgent.Configuration;

/// <summary>Where the device's key is.</summary>
internal abstract record KeySettings
{
    private const string UnsafeFile = "unsafeFile";

    private KeySettings()
    {
    }

    /// <summary>On a PKCS#11 token.</summary>
    /// <param name="Module">Path of the PKCS#11 module.</param>
    /// <param name="TokenLabel">The token's label.</param>
    /// <param name="KeyLabel">The key's label.</param>
    /// <param name="PinFile">File with the user PIN.</param>
    /// <param name="SecurityOfficerPinFile">File with the security officer's PIN, needed to initialise the token only; null when there is none.</param>
    public sealed record OnToken(string Module, string TokenLabel, string KeyLabel, string PinFile, string? SecurityOfficerPinFile) : KeySettings;

    /// <summary>In a file, which only a development layout may say.</summary>
    /// <param name="Path">The PEM file.</param>
    public sealed record InUnsafeFile(string Path) : KeySettings;

    internal static KeySettings Read(SettingsFile key, bool production)
    {
        if (!key.Has(UnsafeFile))
        {
            key.AllowOnly("pkcs11Module", "tokenLabel", "keyLabel", "pinFile", "soPinFile");
            return new OnToken(key.FilePath("pkcs11Module"), key.Text("tokenLabel"), key.Text("keyLabel"), key.FilePath("pinFile"), key.Has("soPinFile") ? key.FilePath("soPinFile") : null);
        }

        key.AllowOnly(UnsafeFile);
        return production
            ? throw key.Wrong(UnsafeFile, "no key file in a production layout: the device's key belongs on a token (P7)")
            : new InUnsafeFile(key.FilePath(UnsafeFile));
    }
}
