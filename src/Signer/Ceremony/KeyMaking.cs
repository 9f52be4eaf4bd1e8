using Fota.Interop.Cryptoki;
using Fota.Signer.Keys;

namespace Fota.Signer.Ceremony;

/// <summary>
/// The first part of a ceremony: tokens and keys. One token is open at a time, and nothing is signed: so the process never holds the PINs of two
/// keys of a product, although the folder it reads has them all (promise P6).
/// </summary>
internal static class KeyMaking
{
    public static string PinFile(string pinFolder, string token) => Path.Combine(pinFolder, token + ".pin");

    /// <summary>Refuses before the first token is touched if a PIN is missing or not private.</summary>
    public static void DemandPins(CeremonyPlan plan, string pinFolder)
    {
        foreach (string token in plan.Tokens)
        {
            ReadPin(pinFolder, token).Dispose();
            ReadSecurityOfficerPin(pinFolder, token).Dispose();
        }
    }

    public static List<MadeKey> Make(CeremonyPlan plan, ITokenModule module, string pinFolder)
    {
        List<MadeKey> made = [];
        foreach (string label in plan.Tokens)
        {
            using Pin pin = ReadPin(pinFolder, label);
            using (Pin securityOfficerPin = ReadSecurityOfficerPin(pinFolder, label))
            {
                module.InitializeToken(label, securityOfficerPin, pin);
            }

            using ICryptoToken token = module.Open(label, pin);
            foreach (PlannedKey planned in plan.Keys.Where(key => string.Equals(key.Token, label, StringComparison.Ordinal)))
            {
                _ = token.GenerateKey(planned.Algorithm, planned.Label);

                // Read back from the token: what was asked for is not evidence of what was made (P7).
                ITokenKey key = token.FindKey(planned.Label);
                OpenedKey.DemandKept(key);
                made.Add(new MadeKey(label, token.Serial, key.Label, key.ObjectId, key.PublicKey, key.IsSensitive, key.IsNeverExtractable));
            }
        }

        return made;
    }

    private static Pin ReadPin(string folder, string token) => Pin.FromFile(PinFile(folder, token));

    private static Pin ReadSecurityOfficerPin(string folder, string token) => Pin.FromFile(Path.Combine(folder, token + ".so-pin"));
}
