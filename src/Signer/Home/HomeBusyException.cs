namespace Fota.Signer.Home;

/// <summary>Another command holds the home for longer than one waits; it will be free again.</summary>
internal sealed class HomeBusyException(string message, Exception inner) : SignerRefusalException(message, inner);
