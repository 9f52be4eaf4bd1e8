using Fota.Signer.Home;

namespace Fota.Signer.Roles;

/// <summary>The policy of the change of roles that is on its way.</summary>
internal static class Coming
{
    /// <summary>The settings as they will be; null if there is no change, or none that could come into force.</summary>
    public static SignerSettings? Find(HomeFolder folder, SignerSettings settings)
    {
        try
        {
            return Proposal.Find(folder) is { } proposal ? ChangedPolicy.Of(settings, proposal.Request) : null;
        }
        catch (SignerRefusalException)
        {
            // Of a change that cannot be read, or that today's policy does not allow, nothing can be signed or applied: it gives no key another role. And
            // whoever can write such a one could take the folder away. So it stops nobody's releases; `role` says what is wrong with it.
            return null;
        }
    }
}
