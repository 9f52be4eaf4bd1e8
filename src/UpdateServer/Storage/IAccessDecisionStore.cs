using Fota.UpdateServer.People;

namespace Fota.UpdateServer.Storage;

/// <summary>Gives the decisions about access that were stored with what they changed.</summary>
internal interface IAccessDecisionStore
{
    /// <summary>The newest first.</summary>
    /// <param name="most">How many.</param>
    IReadOnlyList<AccessDecision> Newest(int most);
}
