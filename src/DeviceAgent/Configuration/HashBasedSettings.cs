using Fota.Manifest;
using Fota.Manifest.Keys;
using Fota.Manifest.Metadata;
using Fota.Manifest.Verification;

namespace Fota.DeviceAgent.Configuration;

/// <summary>The hash-based anchors that a device is born with: the word "none", or keys (PEM files) and a threshold. One of them has to be chosen.</summary>
internal static class HashBasedSettings
{
    private const string Name = "hashBasedAnchors";

    /// <summary>The member's name, among those that a file may have.</summary>
    public static string Member => Name;

    /// <summary>Reads the member of <paramref name="file"/>.</summary>
    /// <exception cref="SettingsException">It is missing, or neither form of it.</exception>
    public static HashBasedAnchors Read(SettingsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.IsSection(Name))
        {
            return file.Has(Name) && file.Text(Name) is "none" ? HashBasedAnchors.None : throw file.Wrong(Name, "\"none\", or keys and threshold");
        }

        SettingsFile section = file.Section(Name);
        section.AllowOnly("keys", "threshold");
        try
        {
            return HashBasedAnchors.Of(new RoleKeys(section.FilePaths("keys").Select(static pem => VerificationKey.FromPem(File.ReadAllText(pem))), (int)section.Number("threshold", 1, 16)));
        }
        catch (RejectedException e)
        {
            throw file.Wrong(Name, $"HSS/LMS keys and a threshold that they can reach: {e.Rejection}");
        }
    }
}
