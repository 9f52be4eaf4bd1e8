namespace Fota.Interop.Cryptoki;

/// <summary>
/// What sessions and object handles belong to: one login, in one initialisation of the module. Modules number both anew afterwards, so that a
/// handle of an earlier generation may be a stranger's; it is never used, nor closed. Two generations are one if they are the same object.
/// </summary>
internal sealed class TokenGeneration(long initialization, ulong slotId)
{
    /// <summary>Which initialisation of the module it belongs to.</summary>
    public long Initialization => initialization;

    /// <summary>The slot that the token is in, which may be another after the next initialisation.</summary>
    public ulong SlotId => slotId;
}
